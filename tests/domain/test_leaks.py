"""Keys are found in whatever they are pasted into, and other providers' keys by their shapes alone."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import leaks

SECRET = "sk-Ab3dEf_h-JkLmN0pQrStU_"
LETTERS = string.ascii_letters + string.digits

PASTED = [
    "{}",
    "it is {} I think",
    "*{}*",
    "_{}_",
    "__{}__",
    "~{}~",
    "`{}`",
    "```\n{}\n```",
    "'{}',",
    "“{}”",
    "OPENAI_API_KEY={}",
    "export KEY='{}' # mine",
    '{{"api_key":"{}","model":"gpt"}}',
    "Authorization: Bearer {}",
    "Authorization%3A%20Bearer%20{}%0A",
    "<https://example.com/v1?key={}&amp;n=1|{}>",
    "https://user:{}@gateway.example.com/v1",
    "\\n{}\\n",
    "key_{}_old",
    "key-{}-leaked",
    "{}.",
    "\u200b{}\u200b",
    "old—{}—new",
    "<{}>",
    "({})",
]


def secrets(text: str) -> set[str]:
    return {one.secret for one in leaks.candidates(text)}


@pytest.mark.parametrize("pasted", PASTED)
def test_a_key_is_a_candidate_however_it_is_wrapped(pasted: str) -> None:
    assert SECRET in secrets(pasted.replace("{}", SECRET))


def test_a_key_with_unseen_characters_inside_is_read_without_them() -> None:
    assert SECRET in secrets(f"{SECRET[:9]}\u200b{SECRET[9:15]}\u00ad{SECRET[15:]}")


def test_a_key_whose_hyphens_became_other_dashes_is_read_with_hyphens() -> None:
    assert SECRET in secrets(SECRET.replace("-", "\u2011"))


def test_several_keys_are_found_each_in_its_line() -> None:
    other = "sk-ZYXwvu9876543210zyxwvu"
    found = {one.secret: one.line for one in leaks.candidates(f"one\n{SECRET} and\n\n{other}")}
    assert (found[SECRET], found[other]) == (2, 4)


@pytest.mark.parametrize(
    "text", ["", "hello", "an-ordinary-sentence-with-hyphens", "4f9a7c21b0aa4f9a7c21b0aa", "a" * 99]
)
def test_ordinary_words_are_no_candidates(text: str) -> None:
    assert secrets(text) == set()


def test_a_candidate_never_prints_its_secret() -> None:
    assert SECRET not in repr(list(leaks.candidates(SECRET)))


@given(
    body=st.text(LETTERS + "-_", min_size=22, max_size=22),
    before=st.sampled_from(["", " ", "KEY=", "*", "_", "`", '"', "/", "%20", "x", "a-b_c-", "\n"]),
    after=st.sampled_from(["", " ", "*", "_", "`", '"', "&amp;b=1", "-x", "_y", ".", "\\n", "\n"]),
)
def test_no_key_of_the_gateways_shape_is_missed(body: str, before: str, after: str) -> None:
    assert f"sk-{body}" in secrets(f"{before}sk-{body}{after}")


@pytest.mark.parametrize(
    "hostile",
    ["sk-" * 30_000, "sk-" + "a-" * 50_000, "_" * 100_000, "-sk-a1" * 20_000, "a1" * 50_000, "sk-proj-" * 10_000],
)
def test_hostile_texts_are_read_in_no_more_ways_than_others(hostile: str) -> None:
    readings = sum(1 for _ in leaks.candidates(hostile))
    assert readings <= leaks.READINGS
    assert list(leaks.foreign(hostile)) == []
    assert sum(1 for _ in leaks.words(hostile)) < 100_000


# --- what a gateway is managed with ---


@pytest.mark.parametrize(
    "text",
    [
        "master key: {}",
        "LITELLM_MASTER_KEY={}",
        '{{"master_key": "{}"}}',
        "https://admin:{}@gw.example.com/",
        "`{}`",
        "*{}*.",
        "{}",
    ],
)
def test_a_password_of_any_shape_is_among_the_words(text: str) -> None:
    for password in ("hunter2!plus$more", "sk-1234", "Tr0ub4dor.and.3"):
        assert password in {one.secret for one in leaks.words(text.replace("{}", password))}


# --- keys of other providers: shapes, not keys ---

A, D, H = "Ab3" * 60, "0123456789" * 20, "0af9" * 40
SHAPES = [
    ("Anthropic", f"sk-ant-api03-{A[:93]}AA"),
    ("Anthropic", f"sk-ant-admin01-{A[:93]}AA"),
    ("OpenRouter", f"sk-or-v1-{H[:64]}"),
    ("OpenAI", f"sk-proj-{A[:74]}T3BlbkFJ{A[:74]}"),
    ("OpenAI", f"sk-svcacct-{A[:58]}T3BlbkFJ{A[:58]}"),
    ("OpenAI", f"sk-admin-{A[:74]}T3BlbkFJ{A[:74]}"),
    ("OpenAI", f"sk-{A[:20]}T3BlbkFJ{A[:20]}"),
    ("Groq", f"gsk_{A[:52]}"),
    ("xAI", f"xai-{A[:80]}"),
    ("Google", f"AIza{A[:35]}"),
    ("Hugging Face", f"hf_{'abcdefgh' * 4}ab"),
    ("Perplexity", f"pplx-{A[:48]}"),
    ("Slack", f"xoxb-{D[:12]}-{D[:12]}-{A[:24]}"),
    ("Slack", f"xapp-1-A0{D[:9]}-{D[:13]}-{H[:64]}"),
    ("Bifrost", f"sk-bf-{A[:36]}"),
    ("LiteLLM", "sk-Ab3dEf_h-JkLmN0pQrStU_"),
]


@pytest.mark.parametrize(("provider", "key"), SHAPES)
@pytest.mark.parametrize("pasted", ["{}", "*{}*", "KEY={}", "```{}```", "<https://a.example/?k={}>", "`{}`,"])
def test_a_foreign_key_is_known_by_its_shape(provider: str, key: str, pasted: str) -> None:
    (found,) = leaks.foreign(f"first\n{pasted.replace('{}', key)}")
    assert (found.provider, found.line) == (provider, 2)
    assert found.revoke_url.startswith("https://") or provider in ("Bifrost", "LiteLLM")
    assert key not in repr(found)


@pytest.mark.parametrize(
    "text",
    [
        "sk-learn is not scikit-learn",
        "sk-1234",
        "sk-not-a-real-key-at-all-x",
        "task-AbCdEfGh1234567890abcdefgh",
        f"data:image/png;base64,{'iVBORw0KGgoAAAANSUhEUgAA' * 60}",
        f"commit {H[:40]}",
        f"x{SHAPES[0][1]}",
        f"AIza{A[:36]}",
        "https://example.com/ask-Ab3dEfGhJkLmN0pQrStUvW/page",
    ],
)
def test_what_only_resembles_a_key_is_none(text: str) -> None:
    assert list(leaks.foreign(text)) == []


# --- trees of text ---


def test_texts_are_found_wherever_they_stand_in_a_tree() -> None:
    tree = {"a": ["one", {"b": ("two", 3, None)}], "c": "three"}
    assert list(leaks.texts_in(tree)) == ["one", "two", "three"]
    assert list(leaks.texts_in(["x"] * 50, most=10)) == ["x"] * 10
