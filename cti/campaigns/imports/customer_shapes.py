"""Contacts out of customers as the API takes and gives them."""

from typing import Annotated, Any

import msgspec
from pydantic import Field

from cti.campaigns.imports.customer_contacts import RenewalContact
from cti.campaigns.imports.customer_query import CustomerFilter, RenewalQuery
from cti.campaigns.imports.import_shapes import ContactImportView
from cti.campaigns.imports.sample import Stratum, StratumBy
from cti.http.principal import Language
from cti.http.shapes import Body, Line


class CustomersPart(Body):
    """Customers with a telephone number: those who speak one of the languages, and have an active
    subscription to one of the products; all, where nothing is named.
    """

    languages: list[Annotated[Language, Field(strict=False)]] = Field(default_factory=list, max_length=10)
    products: list[Line] = Field(default_factory=list, max_length=100)

    def filter(self) -> CustomerFilter:
        """What it says."""
        return CustomerFilter(languages=[one.value for one in self.languages], products=self.products)


class RenewalsWanted(Body):
    """Every subscription that ends in so many days (0 is today), but those that were renewed; without
    ``apply`` they are only looked at.
    """

    ends_in_days: int = Field(ge=0, le=365)
    customers: CustomersPart = Field(default_factory=lambda: CustomersPart.model_validate({}))
    apply: bool = False

    def query(self) -> RenewalQuery:
        """What it says."""
        return RenewalQuery(ends_in_days=self.ends_in_days, customers=self.customers.filter())


class SampleWanted(Body):
    """A random sample of customers. With the same seed the same of the same population are drawn; one is made
    up when none is given. With ``by`` each part of the population is drawn from as its share is.
    """

    size: int = Field(ge=1, le=1_000_000)
    seed: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[\x21-\x7e]+$")] | None = None
    by: list[Annotated[StratumBy, Field(strict=False)]] = Field(default_factory=list, max_length=2)
    customers: CustomersPart = Field(default_factory=lambda: CustomersPart.model_validate({}))


class RenewalsFound(msgspec.Struct, frozen=True, kw_only=True):
    """What the query found; ``first`` are the first of them. ``contact_import`` is what they became, null
    when they were only looked at.
    """

    found: int
    in_campaign: int
    without_number: int
    first: list[RenewalContact]
    contact_import: ContactImportView | None


class SampleView(msgspec.Struct, frozen=True, kw_only=True):
    """A sample: with this seed, of so many customers, so many were drawn of each stratum. ``repeats`` says
    that the same are drawn from the population as it was kept.
    """

    seed: str
    population: int
    drawn: int
    strata: list[Stratum]
    repeats: bool
    contact_import: ContactImportView


def sample_view(
    seed: str, strata: list[Stratum], contact_import: ContactImportView, *, repeats: bool
) -> SampleView:
    """The sample as it is given."""
    return SampleView(
        seed=seed,
        population=sum(stratum.population for stratum in strata),
        drawn=sum(stratum.drawn for stratum in strata),
        strata=strata,
        repeats=repeats,
        contact_import=contact_import,
    )


def written(query: RenewalQuery | CustomerFilter) -> dict[str, Any]:
    """A query as it is kept with the import that it became."""
    words: dict[str, Any] = msgspec.to_builtins(query)
    return words
