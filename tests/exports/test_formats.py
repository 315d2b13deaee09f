"""Which file of a folder is the model."""

from pathlib import Path

import numpy as np
import pytest

from handgrad.errors import HandgradError
from handgrad.exports.csv import write_csv
from handgrad.exports.formats import load_model, load_model_recipe
from handgrad.model.files import save_model
from handgrad.model.layers import Dense
from handgrad.model.network import Network
from handgrad.model.scaling import Scaling


def test_a_run_a_file_and_a_parameter_folder_all_load(tmp_path: Path) -> None:
    network = Network([Dense(2)], (3,), np.random.default_rng(0), scaling=Scaling.of_bytes())
    save_model(network, tmp_path / "checkpoint.safetensors", {"name": "begun"})
    assert load_model_recipe(tmp_path) == {"name": "begun"}
    save_model(network, tmp_path / "model.safetensors", {"name": "done"})
    assert load_model_recipe(tmp_path) == {"name": "done"}
    write_csv(network, tmp_path / "final_config")
    assert load_model_recipe(tmp_path / "final_config") is None
    for path in (tmp_path, tmp_path / "model.safetensors", tmp_path / "final_config"):
        assert load_model(path).flat_parameters.tobytes() == network.flat_parameters.tobytes()


def test_no_model_gets_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(HandgradError, match="holds no model"):
        load_model(tmp_path)
    with pytest.raises(HandgradError, match="does not exist"):
        load_model(tmp_path / "nowhere")
