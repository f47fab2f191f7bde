"""Rows of the marketplace: templates, purchases, reviews."""

from __future__ import annotations

from typing import Annotated

from createos_nb.contract.row import (
    Created,
    Flag,
    Map,
    Number,
    ProjectId,
    Row,
    Text,
    Updated,
    UserId,
    Whole,
    about,
)
from createos_nb.naming import TEMPLATE_STATES


class Author(Row):
    """The author of a template."""

    id: Annotated[Text, about("id of who offers it")] = None
    name: Annotated[Text, about("name of who offers it")] = None


class Template(Row):
    """A project to start from."""

    id: Annotated[Text, about("id")] = None
    name: Annotated[Text, about("its name")] = None
    status: Annotated[Text, about("status on the wire", states=TEMPLATE_STATES)] = None
    amount: Annotated[Number, about("price", unit="credits")] = None
    categories: Annotated[list[str] | None, about("categories of the marketplace")] = None
    description: Annotated[Text, about("what it is")] = None
    overview: Annotated[Text, about("what it offers")] = None
    use_cases: Annotated[Text, about("what it serves for")] = None
    author: Author | None = None
    has_user_purchased: Annotated[Flag, about("this account has bought it")] = None
    template_purchased_id: Annotated[Text, about("id of this account's purchase")] = None
    project_id: ProjectId = None
    environment_id: Annotated[Text, about("id of the environment that it was made from")] = None
    image_uri: Annotated[Text, about("picture")] = None
    video_url: Annotated[Text, about("film")] = None
    project_configuration: Annotated[Map, about("what a new project is made with")] = None
    environment_configuration: Annotated[Map, about("what its environment is made with")] = None
    build_resources: Annotated[Map, about("what its build may use")] = None
    deployment_resources: Annotated[Map, about("what its deployment may use")] = None
    user_id: UserId = None
    created_at: Created = None
    updated_at: Updated = None


class TemplatePurchase(Row):
    """A bought template."""

    id: Annotated[Text, about("id")] = None
    project_template_id: Annotated[Text, about("id of the template")] = None
    purchased_amount: Annotated[Number, about("price that was paid", unit="credits")] = None
    template: Template | None = None
    user_id: UserId = None
    created_at: Created = None
    updated_at: Updated = None


class CategoryCount(Row):
    """Templates by category."""

    name: Annotated[Text, about("category")] = None
    count: Annotated[Whole, about("templates", unit="templates")] = None


class Rejection(Row):
    """Why a template was turned down."""

    id: Annotated[Whole, about("id")] = None
    project_template_id: Annotated[Text, about("id of the template")] = None
    rejection_reason: Annotated[Text, about("the reviewer's reason")] = None
    created_at: Created = None
    updated_at: Updated = None


class Job(Row):
    """Work that the platform has begun."""

    job_id: Annotated[Text, about("id of the work")] = None


class ReviewStatus(Row):
    """The review status of a template."""

    status: Annotated[Text, about("status on the wire", states=TEMPLATE_STATES)] = None
