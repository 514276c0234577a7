"""What all captured rows share."""

from pydantic import BaseModel, ConfigDict


class Row(BaseModel):
    """One row as the change feed has it: a new column is ignored, a missing one or a strange value is an error.

    Every column is required, also one that may be null: a column that was dropped or renamed must not read as null.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")

    id: int
