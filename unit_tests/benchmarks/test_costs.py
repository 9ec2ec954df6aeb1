"""A store that is made larger for `make costs`."""

from __future__ import annotations

from airbyte_cdk.sources.types import StreamSlice

from benchmarks.costs import larger
from source_bigcommerce.estimate.looks import ChildrenLook, ListLook

WINDOWS = [StreamSlice(partition={}, cursor_slice={"start_time": each}) for each in "12"]


def test_a_larger_store_has_more_rows_in_each_window() -> None:
    known = ListLook([(WINDOWS[0], 3), (WINDOWS[1], 10)], share=0.5)
    found = larger(known, 2.5)
    assert found == ListLook([(WINDOWS[0], 8), (WINDOWS[1], 25)], share=0.5)


def test_a_larger_store_has_more_parents_with_as_many_children_each() -> None:
    parents, children = ListLook([(WINDOWS[0], 4)]), [ListLook([(WINDOWS[0], 3)])]
    known = ChildrenLook(parents, 4, asked=1.0, embedded=0.0, children=children, sample=[])
    found = larger(known, 10)
    assert isinstance(found, ChildrenLook)
    assert found.asked_parents(skips=False) == 40
    assert (known.rows, found.rows) == (12, 120)
    assert found.children == children
