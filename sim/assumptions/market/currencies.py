"""Currencies by their three letters (ISO 4217), and the one that a unit begins with."""

import re

from sim.errors import InputError

CURRENCIES = frozenset(
    re.findall(
        r"\w+",
        """
        AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF
        CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG
        HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA
        MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD
        RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD
        UYU UZS VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG
        """,
    )
)
"""Every currency in use."""

_LEADING = re.compile(r"([A-Z]{3})\b")


def check_currency(key: str, code: str) -> None:
    """Refuse what is no currency.

    Raises
    ------
    InputError : naming the key.
    """
    if code not in CURRENCIES:
        raise InputError(f"{f'{key}: ' if key else ''}'{code}' is no currency of ISO 4217; write such as USD or EUR")


def currency_of(key: str, unit: str) -> str:
    """The currency that a unit such as `USD per vial` begins with.

    Raises
    ------
    InputError : where it begins with none, naming the key.
    """
    found = _LEADING.match(unit)
    if found is None:
        raise InputError(f"{key}.unit: '{unit}' does not begin with a currency; write such as 'USD per vial'")
    check_currency(f"{key}.unit", found[1])
    return found[1]
