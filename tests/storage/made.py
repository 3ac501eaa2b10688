"""Model files taken apart and put together again."""

import hashlib
import io
import json
import zipfile

from loopcast.storage.canonical_zip import pack
from loopcast.storage.model_file import MANIFEST, WEIGHTS


def unpack(content):
    """The members of an archive, by any zip program."""
    with zipfile.ZipFile(io.BytesIO(content)) as opened:
        return {name: opened.read(name) for name in (MANIFEST, WEIGHTS)}


def rewritten(content, change, weights=None):
    """The bytes of a model file, well formed, with its manifest changed and maybe other weights, which it describes."""
    members = unpack(content)
    manifest = json.loads(members[MANIFEST])
    if weights is not None:
        manifest["weights"] = {"size": len(weights), "sha256": hashlib.sha256(weights).hexdigest()}
    change(manifest)
    return pack({MANIFEST: json.dumps(manifest).encode(), WEIGHTS: members[WEIGHTS] if weights is None else weights})
