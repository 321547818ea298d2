"""What may be assumed of time: from read-out to launch, how long the market is protected, and what comes then."""

from sim.assumptions.market.kinds import MarketDate, MarketQuantity, MarketShare, WholeShare
from sim.assumptions.market.money import Price
from sim.assumptions.quantity import Closed
from sim.assumptions.trial.kinds import DateQuantity


class WithoutTrial(Closed):
    """What stands in for the trial where a run has none.

    Attributes
    ----------
    readout : the date on which results are there.
    success : the probability that the endpoint is won.
    survival : share of the treated severe cases alive at day 100.
    """

    readout: DateQuantity
    success: WholeShare
    survival: WholeShare


class Launch(Closed):
    """From the read-out to the launch.

    Attributes
    ----------
    filing : months from read-out to filing.
    review : months from filing to approval.
    reimbursement : months from approval to the first paid patient, who is the launch.
    earliest : a day before which it is not launched; None is none.
    approval_if_won, approval_if_missed : probability of approval after a won and after a missed endpoint.
    """

    filing: MarketQuantity
    review: MarketQuantity
    reimbursement: MarketQuantity
    earliest: MarketDate | None = None
    approval_if_won: WholeShare
    approval_if_missed: WholeShare


class Exclusivity(Closed):
    """How long nobody may copy: the later of both.

    Attributes
    ----------
    orphan : years of orphan exclusivity from approval on.
    patent : the day the patent expires.
    """

    orphan: MarketQuantity
    patent: MarketDate


class Competition(Closed):
    """The entry of a competitor: an event of each draw and region, which may never come.

    Attributes
    ----------
    during : probability of an entry per year from launch until exclusivity ends.
    after : the same from then on; 1 is at once.
    kept_first, kept_second, kept_later : share of the patients kept in the first year after the entry, in the second,
        and for ever after.
    """

    during: MarketShare
    after: MarketShare
    kept_first: MarketShare
    kept_second: MarketShare
    kept_later: MarketShare


class NamedPatients(Closed):
    """Patients treated by name before the launch, outside the trial.

    Attributes
    ----------
    opens : the day the programme opens.
    share : share of the label's diagnosed patients who are treated in it.
    price : region → money per vial or per patient; None asks the cost of goods (cost recovery).
    ends_after_miss : months from the read-out to its end where the drug is not approved; None goes on.
    """

    opens: DateQuantity
    share: MarketShare
    price: dict[str, Price] | None = None
    ends_after_miss: MarketQuantity | None = None
