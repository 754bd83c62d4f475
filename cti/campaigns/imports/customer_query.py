"""Which customers a campaign is to reach, said rather than listed. Pure."""

from typing import Annotated

import msgspec
from msgspec import Meta

from cti.flows.words import LanguageName

Product = Annotated[str, Meta(min_length=1, max_length=200)]


class CustomerFilter(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Customers with a telephone number: those who speak one of the languages, and have an active
    subscription to one of the products; all, where nothing is named.
    """

    languages: list[LanguageName] = []
    products: list[Product] = []


class RenewalQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every active subscription that ends in so many days (0 is today), of customers whom the filter names.

    Left out is who has renewed: who has another active subscription to the same product that ends later, or
    never. A subscription is a contact once for each end that it has, so that the query can be asked each day.
    """

    ends_in_days: Annotated[int, Meta(ge=0, le=365)]
    customers: CustomerFilter = CustomerFilter()
