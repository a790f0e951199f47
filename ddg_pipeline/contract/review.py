"""Who has to approve a release before it is published, besides those whom the department asks for."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ddg_pipeline.contract.strict import Slug, Strict


class Review(Strict):
    """What the review of this release asks for (docs/how-to/review.md)."""

    roles: Annotated[list[Slug], Field(max_length=50)] = Field(
        default=[], description="Roles that have to approve it besides the department's, which `ddg.yaml` names."
    )
