"""Who works here: forty people in many time zones, the four teams they are in, and what those build.

Seven of them are the cast that every playground starts with. Plain values: nothing happens here.
"""

from __future__ import annotations

from dataclasses import dataclass

HOUR_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody to add to the workspace. `name` is the handle; without a `shown` name, it is capitalised."""

    name: str
    real_name: str
    title: str
    tz: str
    hours_from_utc: float
    shown: str = ""

    @property
    def display_name(self) -> str:
        """What others see beside their messages."""
        return self.shown or self.name.capitalize()


@dataclass(frozen=True, slots=True)
class Project:
    """What a team builds, with a monthly budget in US dollars and a lead; begun on a workday of the twelve weeks."""

    name: str
    monthly_usd: int
    lead: str
    workday: int


@dataclass(frozen=True, slots=True)
class Squad:
    """A team: its channel has its name. The first owner is asked first. Founded on a workday of the twelve weeks."""

    name: str
    purpose: str
    monthly_usd: int
    workday: int
    owners: tuple[str, ...]
    members: tuple[str, ...]
    projects: tuple[Project, ...]

    @property
    def people(self) -> tuple[str, ...]:
        """Everybody in it."""
        return (*self.owners, *self.members)


FOUNDER = "olga"
CAST_HOURS = {"ana": 1.0, "ben": 1.0, "omar": 0.0, "olga": 0.0, "fay": 0.0, "gus": 0.0}
"""Hours from UTC of those who are there from the start."""

NEWCOMERS = (
    Newcomer("ines", "Inês Carvalho", "Engineer, search", "Europe/Lisbon", 0),
    Newcomer("soren", "Søren Lindqvist", "Engineer, search", "Europe/Copenhagen", 1, "Søren"),
    Newcomer("priya", "Priya Raman", "Engineer, ranking", "Asia/Kolkata", 5.5),
    Newcomer("noah", "Noah Whitfield", "Engineer, ranking", "America/New_York", -5),
    Newcomer("zofia", "Zofia Wójcik", "Product manager, search", "Europe/Warsaw", 1),
    Newcomer("tomas", "Tomáš Dvořák", "Engineer, indexing", "Europe/Prague", 1, "Tomáš"),
    Newcomer("hana", "Hana Kimura", "Engineer, indexing", "Asia/Tokyo", 9),
    Newcomer("lukas", "Lukas Brunner", "Head of platform", "Europe/Vienna", 1),
    Newcomer("grace", "Grace Okafor", "Staff engineer", "Africa/Lagos", 1),
    Newcomer("diego", "Diego Muñoz", "Engineer, platform", "America/Mexico_City", -6),
    Newcomer("aoife", "Aoife Ní Bhriain", "Engineer, reliability", "Europe/Dublin", 0),
    Newcomer("chenwei", "陈伟", "Engineer, platform", "Asia/Shanghai", 8, "陈伟"),
    Newcomer("mateus", "Mateus Araújo", "Engineer, developer tools", "America/Sao_Paulo", -3),
    Newcomer("freya", "Freya Haugen", "Engineer, security", "Europe/Oslo", 1),
    Newcomer("sam", "Sam Patel", "Engineer, developer tools", "Europe/London", 0),
    Newcomer("yusuf", "Yusuf Demir", "Engineer, reliability", "Europe/Istanbul", 3),
    Newcomer("elena", "Elena Popescu", "Head of data", "Europe/Bucharest", 2),
    Newcomer("raj", "Rajesh Iyer", "Principal data scientist", "Asia/Kolkata", 5.5),
    Newcomer("layla", "ليلى حداد", "Data scientist", "Asia/Amman", 3, "ليلى"),
    Newcomer("mei", "Mei Tanaka", "Data scientist", "Asia/Tokyo", 9),
    Newcomer("jonas", "Jonas Björk", "Data engineer", "Europe/Stockholm", 1),
    Newcomer("chloe", "Chloé Lefèvre", "Data scientist", "Europe/Paris", 1, "Chloé"),
    Newcomer("carlos", "Carlos Núñez", "Data engineer", "America/Bogota", -5),
    Newcomer("anna", "Anna Kowalczyk", "Analyst", "Europe/Warsaw", 1),
    Newcomer("henry", "Henry Adeyemi", "Analyst", "Europe/London", 0),
    Newcomer("sofia", "Sofía Herrera", "Data engineer", "America/Argentina/Buenos_Aires", -3, "Sofía"),
    Newcomer("nina", "Nina Petrović", "Head of support", "Europe/Belgrade", 1),
    Newcomer("liam", "Liam O’Brien", "Support lead", "Europe/Dublin", 0),
    Newcomer("amara", "Amara Diallo", "Support engineer", "Africa/Dakar", 0),
    Newcomer("joao", "João Ribeiro", "Support engineer", "Europe/Lisbon", 0, "João"),
    Newcomer("emily", "Emily Nakagawa", "Support engineer", "America/Chicago", -6),
    Newcomer("viktor", "Viktor Szabó", "Automation engineer", "Europe/Budapest", 1),
    Newcomer("fatima", "Fatima Zahra", "Support engineer", "Africa/Casablanca", 1),
)

SEARCH = Squad(
    "search",
    "Everything that finds things",
    4000,
    0,
    ("omar",),
    ("ana", "ben", "ines", "soren", "priya", "noah", "zofia", "tomas", "hana"),
    (Project("reranker", 900, "ana", 2), Project("query-rewrites", 500, "priya", 31)),
)
PLATFORM = Squad(
    "platform",
    "What everybody else builds on",
    3500,
    0,
    ("lukas", "grace"),
    ("diego", "aoife", "chenwei", "mateus", "freya", "sam", "yusuf"),
    (Project("code-review", 800, "sam", 4),),
)
DATA = Squad(
    "data",
    "Numbers, and what they mean",
    5000,
    3,
    ("elena", "raj"),
    ("layla", "mei", "jonas", "chloe", "carlos", "anna", "henry", "sofia"),
    (Project("churn-model", 1200, "chloe", 6), Project("forecasts", 700, "jonas", 26)),
)
SUPPORT = Squad(
    "support",
    "Answers for customers",
    2000,
    8,
    ("nina", "liam"),
    ("amara", "joao", "emily", "viktor", "fatima"),
    (Project("reply-drafts", 600, "viktor", 11),),
)
SQUADS = (SEARCH, PLATFORM, DATA, SUPPORT)

HOURS = CAST_HOURS | {person.name: person.hours_from_utc for person in NEWCOMERS}


def squad_of(name: str) -> Squad:
    """The team of this name."""
    return next(squad for squad in SQUADS if squad.name == name)
