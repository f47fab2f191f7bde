"""A notebook that is run again after the end of its run, with the digest that was given then."""

from __future__ import annotations

from typing import Any

import pytest

from createos_nb import runbooks
from createos_nb.plans import ConfirmationNeeded


def test_a_run_that_is_finished_is_told_of_and_not_done_once_more(client: Any, tools: Any) -> None:
    plan = runbooks.rollback(client, "storefront", "production")
    first = plan.apply(confirm=plan.digest, reason="a test")
    before = tools.changes(client.world)
    again = runbooks.rollback(client, "storefront", "production")  # to the version before that, by now
    assert again.digest != plan.digest
    told = again.apply(confirm=plan.digest, reason="a test")
    assert told.finished
    assert (told.journal, told.title) == (first.journal, first.title)
    assert tools.changes(client.world) == before


def test_where_all_is_as_it_was_the_same_digest_is_that_of_a_new_run(client: Any) -> None:
    plan = runbooks.rollback(client, "storefront", "production")
    first = plan.apply(confirm=plan.digest, reason="a test")
    back = first.undo()
    back.apply(confirm=back.digest, reason="a test")
    again = runbooks.rollback(client, "storefront", "production")
    assert again.digest == plan.digest
    second = again.apply(confirm=again.digest, reason="a test")
    assert second.journal != first.journal


@pytest.mark.slow
def test_a_digest_of_a_run_before_the_last_one_is_refused(client: Any) -> None:
    digests = []
    for _ in range(2):
        plan = runbooks.rollback(client, "storefront", "production")
        plan.apply(confirm=plan.digest, reason="a test")
        digests.append(plan.digest)
        client.clock.sleep(5)
    third = runbooks.rollback(client, "storefront", "production")
    assert third.apply(confirm=digests[1], reason="a test").finished
    for digest in (digests[0], "0123456789ab"):
        with pytest.raises(ConfirmationNeeded):
            third.apply(confirm=digest, reason="a test")
