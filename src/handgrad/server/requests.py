"""Request bodies; the OpenAPI document is generated from them."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from handgrad.server.run_folders import RUN

MAX_EXAMPLES = 1_000  # in one request

COLLECTION = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,49}$"
LABEL = r"^[^\x00-\x1f\x7f]{1,20}$"
PATTERNS = {
    RUN: "use letters, digits, '.', '-' and '_', at most 120; the first is a letter or digit",
    COLLECTION: "use letters, digits, '-' and '_', at most 50; the first is a letter or digit",
    LABEL: "use one line of 1 to 20 characters",
}
"""What a pattern means, for messages."""
Name = Annotated[str, Field(pattern=COLLECTION)]
Label = Annotated[str, Field(pattern=LABEL)]
Digit = Annotated[
    list[Annotated[int, Field(ge=0, le=255)]], Field(min_length=784, max_length=784, fail_fast=True)
]
Text = Annotated[str, Field(max_length=120)]
Width = Annotated[int, Field(ge=1, le=2048)]


class Request(BaseModel):
    """Base of request bodies: unknown keys and infinite numbers are refused, and types not converted."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _check_size(cls, data: Any) -> Any:
        if isinstance(data, dict) and len(data) > len(cls.model_fields):
            raise ValueError(f"{len(data):,} keys are too many")  # and would be as many errors
        return data


class RunName(Request):
    """The name of a run."""

    run: Text


class NewName(Request):
    """Another name for a run."""

    name: Annotated[str, Field(pattern=RUN)]


class NewRun(Request):
    """What to train, on which data, and changes to the recipe.

    `recipe` is a built-in one, `data` a name from GET /data. `from` starts with the parameters of the model in use,
    and its recipe is the default then.
    """

    recipe: Text | None = None
    data: Text
    epochs: Annotated[int, Field(ge=1, le=100_000)] | None = None
    steps: Annotated[int, Field(ge=1, le=10_000_000)] | None = None
    batch_size: Annotated[int, Field(ge=1, le=10**9)] | Literal["all"] | None = None
    learning_rate: Annotated[float, Field(gt=0, le=1e6)] | None = None
    hidden: Annotated[list[Width], Field(min_length=1, max_length=8)] | None = None
    seed: Annotated[int, Field(ge=0, lt=2**63)] | None = None
    start: Literal["model"] | None = Field(None, alias="from")


class NewDigits(Request):
    """Digits to add to a collection, which is created if there is none.

    `inputs` are 28×28 pixels each, framed as the model's data are, light on dark.
    """

    name: Name
    inputs: Annotated[list[Digit], Field(min_length=1, max_length=MAX_EXAMPLES, fail_fast=True)]
    labels: Annotated[list[Label], Field(max_length=MAX_EXAMPLES, fail_fast=True)]
