"""Request bodies; the OpenAPI document is generated from them."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

MAX_EXAMPLES = 1_000
"""Examples in one request."""

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,49}$")]
Label = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]{1,20}$")]
Digit = Annotated[list[Annotated[int, Field(ge=0, le=255)]], Field(min_length=784, max_length=784)]


class Request(BaseModel):
    """Base of request bodies: unknown keys are refused, and types are not converted."""

    model_config = ConfigDict(extra="forbid", strict=True)


class RunName(Request):
    """The name of a run."""

    run: Annotated[str, Field(max_length=120)]


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
    hidden: list[Annotated[int, Field(ge=1, le=4096)]] | None = Field(None, min_length=1, max_length=8)
    seed: Annotated[int, Field(ge=0, lt=2**63)] | None = None
    start: Literal["model"] | RunName | None = Field(
        None, alias="from", description="Start from the parameters of a run, or of the model in use."
    )


class NewDigits(Request):
    """Digits to add to a collection, which is created if there is none."""

    name: Name
    inputs: list[Digit] = Field(
        min_length=1,
        max_length=MAX_EXAMPLES,
        description="28×28 pixels each, framed as the model's data are, 0–255, light on dark.",
    )
    labels: list[Label]
