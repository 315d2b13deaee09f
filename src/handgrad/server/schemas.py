"""Request and response bodies; the OpenAPI document is generated from them."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, StringConstraints, Tag, field_validator

MAX_EXAMPLES = 1_000
"""Examples in one request."""
MAX_POINTS = 20_000
"""Points of one drawing."""

Number = Annotated[float, Field(allow_inf_nan=False)]
Example = Annotated[list[Number], Field(min_length=1, max_length=100_000)]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,49}$")]
Label = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]{1,20}$")]
Width = Annotated[int, Field(ge=1, le=4096)]
Point = Annotated[list[Number], Field(min_length=2, max_length=2)]
Stroke = Annotated[list[Point], Field(max_length=MAX_POINTS)]
Digit = Annotated[list[Annotated[int, Field(ge=0, le=255)]], Field(min_length=784, max_length=784)]
State = Literal["running", "paused", "interrupted", "finished", "failed", "stopped", "damaged"]


class Request(BaseModel):
    """Base of request bodies: unknown keys are refused, and types are not converted."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Problem(BaseModel):
    """Why a request was refused."""

    detail: str = Field(description="One line: what is wrong, where, what to do.")


class Model(BaseModel):
    """The model in use."""

    name: str
    classes: list[str]
    input_shape: list[int]
    example_shape: list[int] = Field(description="Shape of one example of the data set, e.g. [1, 28, 28].")
    layers: list[dict[str, Any]]
    parameters: int
    scaling: dict[str, Any] | None
    recipe: dict[str, Any] | None


def _one_or_several(pixels: Any) -> str:
    return "Several" if isinstance(pixels, list) and pixels and isinstance(pixels[0], list) else "One"


class Pixels(Request):
    """One example, or a list of examples, with values as in the data set: 0–255 for images."""

    pixels: Annotated[
        Annotated[Example, Tag("One")]
        | Annotated[list[Example], Field(min_length=1, max_length=MAX_EXAMPLES), Tag("Several")],
        Discriminator(_one_or_several),
    ]


class Prediction(BaseModel):
    """The predicted class of one example."""

    class_: str = Field(serialization_alias="class")
    probability: float
    probabilities: dict[str, float]


class Recipe(BaseModel):
    """A built-in recipe."""

    name: str
    lesson: str
    training: dict[str, Any]
    data: str
    dense: bool = Field(description="Whether `hidden` can be changed.")
    hidden: list[int]


class DataFacts(BaseModel):
    """A data set that is available without a download."""

    name: str
    examples: int
    classes: list[str]
    input_shape: list[int]


class Examples(BaseModel):
    """A slice of a split, in its order."""

    inputs: str = Field(description="Base64 of n × I values, row by row.")
    dtype: Literal["uint8", "float32"] = Field(description="Type of the values; float32 is little-endian.")
    labels: list[int] = Field(description="Indices into `classes`.")
    total: int
    input_shape: list[int]
    classes: list[str]


class Record(BaseModel):
    """One line of `log.jsonl`."""

    step: Annotated[int, Field(ge=0)]
    epoch: int
    loss: Number
    train_accuracy: Number
    validation_loss: Number | None
    validation_accuracy: Number | None
    learning_rate: Number
    seconds: Number
    examples_per_second: Number


class Run(BaseModel):
    """A training, active or ended."""

    name: str
    state: State
    error: str | None = None
    recipe: str
    data: str
    training: dict[str, Any] = Field(description="Epochs or steps, batch size, learning rate.")
    records: int
    last: Record | None


class RunWithRecords(Run):
    """A training with all its records."""

    validated: Record | None = Field(
        description="The record in which its newest parameters were validated; with early stopping, the best."
    )
    records_so_far: list[Record]


class RunName(Request):
    """The name of a run."""

    run: Annotated[str, Field(min_length=1, max_length=120)]


class NewRun(Request):
    """What to train, on which data, and changes to the recipe."""

    model_config = ConfigDict(populate_by_name=True)

    recipe: Annotated[str, Field(max_length=100)] | None = Field(
        None, description="A built-in recipe; with `from`, it defaults to the recipe of that model."
    )
    data: Annotated[str, Field(max_length=100)] = Field(description="A name from GET /data.")
    epochs: Annotated[int, Field(ge=1, le=100_000)] | None = None
    steps: Annotated[int, Field(ge=1, le=10_000_000)] | None = None
    batch_size: Annotated[int, Field(ge=1, le=10**9)] | Literal["all"] | None = None
    learning_rate: Annotated[float, Field(gt=0, le=1e6, allow_inf_nan=False)] | None = None
    hidden: Annotated[list[Width], Field(min_length=1, max_length=8)] | None = None
    seed: Annotated[int, Field(ge=0, lt=2**63)] | None = None
    start: Literal["model"] | RunName | None = Field(
        None, alias="from", description="Start from the parameters of a run, or of the model in use."
    )


class DigitsFacts(BaseModel):
    """A collection of drawn digits."""

    name: str
    examples: int
    classes: list[str]


class Drawing(Request):
    """Strokes of a pen, in units of the canvas's side."""

    label: Annotated[str, Field(max_length=20)] | None = None
    width: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
    strokes: Annotated[list[Stroke], Field(max_length=1_000)]

    @field_validator("strokes")
    @classmethod
    def _limit_points(cls, strokes: list[list[list[float]]]) -> list[list[list[float]]]:
        if sum(map(len, strokes)) > MAX_POINTS:
            raise ValueError(f"a drawing may have at most {MAX_POINTS:,} points")
        return strokes


class NewDigits(Request):
    """Digits to add to a collection, which is created if there is none."""

    name: Name
    inputs: Annotated[list[Digit], Field(min_length=1, max_length=MAX_EXAMPLES)] = Field(
        description="28×28 pixels each, framed as the model's data are, 0–255, light on dark."
    )
    labels: Annotated[list[Label], Field(min_length=1, max_length=MAX_EXAMPLES)]
    strokes: Annotated[list[Drawing | None], Field(max_length=MAX_EXAMPLES)] | None = Field(
        None, description="The drawing of each digit, stored with it."
    )
