"""What the map says of a lesson."""

import pytest

from optilab.catalogue import LESSONS
from optilab.site.home import written

BY_SLUG = {row.slug: row for row in LESSONS}


@pytest.mark.parametrize(
    ("slug", "expected"),
    [
        ("start_here", ""),
        ("arena", ""),
        ("discretisation_drift", "M. C. Rosca 2023 · "),
        ("last_iterate", "Z. Liu, Z. Zhou 2024 · "),
        ("gradient_sliding", "X. Wu et al. 2026 · "),
    ],
)
def test_a_card_names_the_authors_of_a_paper(slug, expected):
    assert written(BY_SLUG[slug]) == expected
