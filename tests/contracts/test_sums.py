"""Every forecaster either says what its forecasts are made of, in numbers that sum to them, or that it cannot."""

import numpy as np
import pytest

from contracts.kinds import FORECASTERS, HORIZON, PLAIN, each, fitted, gappy, training_panel
from loopcast import OptionError

SILENT = ("Trees", *PLAIN)


@pytest.mark.parametrize("name", each(name for name in FORECASTERS if name not in SILENT))
@pytest.mark.parametrize("change", [lambda panel: panel, gappy], ids=["whole", "gappy"])
def test_contributions_sum_to_the_forecast(name, change):
    forecaster, panel = fitted(name), change(training_panel())
    explained = forecaster.model.explain(panel, HORIZON)
    predicted = forecaster.predict_panel(panel, HORIZON).values[:, 0]
    np.testing.assert_allclose(explained.forecast, predicted, rtol=1e-6)
    assert explained.features[0] == "level"
    assert len(forecaster.explain(HORIZON, data=panel)) == panel.n_series * HORIZON * len(explained.features)


@pytest.mark.parametrize("name", each(SILENT))
def test_a_model_that_cannot_be_explained_says_which_can(name):
    with pytest.raises(OptionError, match=r"does not say what .* Linear, Pretrained"):
        fitted(name).explain(HORIZON)
    with pytest.raises(OptionError, match=r"does not say"):
        FORECASTERS[name]().require_explained()


@pytest.mark.parametrize("name", each(FORECASTERS))
def test_parts_of_each_row_sum_to_its_value(name):
    panel = gappy(training_panel())
    found = fitted(name).model.decompose(panel)
    np.testing.assert_allclose(sum(found.parts.values()), panel.values, rtol=1e-12)
