"""Search for a recipe on validation data."""

from handgrad.tuning.search import Trial as Trial
from handgrad.tuning.search import best as best
from handgrad.tuning.search import tune as tune
