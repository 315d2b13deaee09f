"""What goes in and out over HTTP; from these the OpenAPI document is made."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

MOST_EXAMPLES = 1_000
"""Of one request to predict or to collect."""

Number = Annotated[float, Field(allow_inf_nan=False)]
Example = Annotated[list[Number], Field(min_length=1, max_length=100_000)]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,49}$")]
Positive = Annotated[int, Field(ge=1, le=10**9)]


class Request(BaseModel):
    """Base of what comes in: unknown keys are refused, and texts are no numbers."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Problem(BaseModel):
    """Why a request was refused."""

    detail: str = Field(description="One line: what is wrong, where, what to do.")


class Health(BaseModel):
    """That the server is there."""

    status: Literal["ok"]
    version: str


class Model(BaseModel):
    """The model in use."""

    name: str
    classes: list[str]
    input_shape: list[int]
    example_shape: list[int] = Field(description="Of one example as the data have it, such as [1, 28, 28].")
    layers: list[dict[str, Any]]
    parameters: int
    scaling: dict[str, Any] | None
    recipe: dict[str, Any] | None


class Pixels(Request):
    """One example, or a list of examples, as the data set has them: 0–255 for pictures."""

    pixels: Example | Annotated[list[Example], Field(min_length=1, max_length=MOST_EXAMPLES)]


class Prediction(BaseModel):
    """What one example is taken for."""

    class_: str = Field(serialization_alias="class")
    probability: float
    probabilities: dict[str, float]


class Predictions(BaseModel):
    """One prediction for each example, in their order."""

    predictions: list[Prediction]


class Recipe(BaseModel):
    """A built-in recipe."""

    name: str
    lesson: str
    training: dict[str, Any]
    data: str
    dense: bool = Field(description="Whether `hidden` can be changed.")
    hidden: list[int]


class DataFacts(BaseModel):
    """Data that can be opened here without a download."""

    name: str
    examples: int
    classes: list[str]
    input_shape: list[int]


class Examples(BaseModel):
    """A piece of a split, in its order."""

    inputs: str = Field(description="Base64 of the bytes of n × I values, row by row.")
    dtype: Literal["uint8", "float32"] = Field(description="Of the values; float32 is little-endian.")
    labels: list[int] = Field(description="Indices into `classes`.")
    total: int
    input_shape: list[int]
    classes: list[str]
