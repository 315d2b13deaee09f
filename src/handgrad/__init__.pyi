"""Every public name of the package, once; `__init__.py` imports a name from here when it is first used."""

# fmt: off
from handgrad import plots as plots
from handgrad.data.augment import Augmentation as Augmentation
from handgrad.data.dataset import Dataset as Dataset
from handgrad.data.load import load_data as load_data
from handgrad.data.splits import Splits as Splits
from handgrad.errors import HandgradError as HandgradError
from handgrad.model.derivation import Derivation as Derivation
from handgrad.model.explain import explain as explain
from handgrad.model.explanation import Explanation as Explanation, Step as Step
from handgrad.exports.formats import export as export, load_model as load_model
from handgrad.model import layers as layers, losses as losses
from handgrad.model.files import save_model as save_model
from handgrad.model.initializers import (
    Glorot as Glorot, He as He, Initializer as Initializer, LeCun as LeCun, Ones as Ones,
    Orthogonal as Orthogonal, Uniform as Uniform, Zeros as Zeros,
)
from handgrad.model.layers import (
    GELU as GELU, AvgPool2D as AvgPool2D, BatchNorm as BatchNorm, Conv2D as Conv2D, Dense as Dense,
    Dropout as Dropout, Flatten as Flatten, Layer as Layer, LeakyReLU as LeakyReLU, Maxout as Maxout,
    MaxPool2D as MaxPool2D, ReLU as ReLU, Sigmoid as Sigmoid, Tanh as Tanh,
)
from handgrad.model.losses import (
    BinaryCrossEntropy as BinaryCrossEntropy, CrossEntropy as CrossEntropy, Huber as Huber, Loss as Loss,
    MeanSquaredError as MeanSquaredError,
)
from handgrad.model.network import Network as Network
from handgrad.model.scaling import Scaling as Scaling
from handgrad.recipes.loading import load_recipe as load_recipe
from handgrad.recipes.recipe import Recipe as Recipe
from handgrad.sklearn import HandgradClassifier as HandgradClassifier
from handgrad.sklearn import HandgradRegressor as HandgradRegressor
from handgrad.training import optimizers as optimizers, schedules as schedules
from handgrad.training.adversarial import Adversarial as Adversarial
from handgrad.training.averaging import (
    Averaging as Averaging, ExponentialAverage as ExponentialAverage, LastEpochs as LastEpochs,
)
from handgrad.training.distributed import (
    Communicator as Communicator, init_distributed as init_distributed,
)
from handgrad.training.fit import fit as fit
from handgrad.training.gradient_check import Check as Check, check_gradients as check_gradients
from handgrad.training.evaluation import evaluate as evaluate
from handgrad.training.metrics import (
    Calibration as Calibration, accuracy as accuracy, calibration as calibration,
)
from handgrad.training.optimizers import (
    SGD as SGD, Adam as Adam, AdamW as AdamW, Momentum as Momentum, Muon as Muon, Nesterov as Nesterov,
    Optimizer as Optimizer, RMSProp as RMSProp,
)
from handgrad.training.records import Record as Record, load_records as load_records
from handgrad.training.schedules import (
    Constant as Constant, Cosine as Cosine, Exponential as Exponential, OneCycle as OneCycle,
    ReduceOnPlateau as ReduceOnPlateau, Schedule as Schedule, StepDecay as StepDecay,
)
from handgrad.training.results import (
    Evaluation as Evaluation, MultilabelEvaluation as MultilabelEvaluation,
    RegressionEvaluation as RegressionEvaluation,
)
from handgrad.training.state import TrainingState as TrainingState
from handgrad.training.stopping import EarlyStopping as EarlyStopping
from handgrad.training.train import train as train
# fmt: on

__version__: str
__all__: list[str]
