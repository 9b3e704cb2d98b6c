import base64
import random
import string

import pytest

from webduh_console.model.mask import MASK, masker


@pytest.mark.parametrize(
    ("values", "text", "masked"),
    [
        ([], "nothing to hide", "nothing to hide"),
        (["hunter22"], "the password is hunter22.", f"the password is {MASK}."),
        (["hunter22"], "hunter22hunter22", MASK * 2),
        (["short"], "a short one stays", "a short one stays"),
        (["sixsix"], "sixsix", MASK),
        ([""], "an empty one is nowhere", "an empty one is nowhere"),
        (["first-line\nsecond-line"], "first-line\nsecond-line", MASK),
        (["first-line\nsecond-line"], "only second-line", f"only {MASK}"),
        (["first-line\r\nno\r\n"], "first-line and no", f"{MASK} and no"),
        (["secret", "secret-longer"], "secret-longer secret", f"{MASK} {MASK}"),
        (["abcdef", "defghi"], "abcdefghi", MASK),
        (["aaaaaa"], "aaaaaaaab", f"{MASK}b"),
        (["p$(x).*+?[a]"], "p$(x).*+?[a]", MASK),
        (["pässwörd"], "pässwörd", MASK),
    ],
)
def test_secrets_are_masked_where_they_stand(values: list[str], text: str, masked: str) -> None:
    assert masker(values)(text) == masked


SECRETS = ["hunter2", "sixsix", "a-much-longer-secret-value", "~~~???>>>", "pässwörd", "-----BEGIN KEY-----"]


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("before", ["", "x", "xy", "user:", "user:x", "\0"])
@pytest.mark.parametrize("after", ["", "!", "\n", "and more"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_base64_of_a_text_with_a_secret_never_shows_it(secret: str, before: str, after: str, encode: object) -> None:
    assert callable(encode)
    encoded = encode((before + secret + after).encode()).decode()
    masked = masker([secret])(encoded)
    whole_characters = len(secret.encode()) * 8 // 6 - 1
    assert MASK in masked
    assert len(masked.replace(MASK, "")) <= len(encoded) - whole_characters


def test_masking_is_complete_for_random_secrets() -> None:
    chance = random.Random(7)
    for _ in range(300):
        secret = "".join(chance.choices(string.ascii_letters + string.digits, k=chance.randint(6, 30)))
        text = "".join(chance.choices(string.ascii_letters, k=20))
        assert masker([secret])(f"{text}{secret}{text}") == f"{text}{MASK}{text}"


def test_many_secrets_and_a_huge_line_are_masked_at_once() -> None:
    values = [f"secret-number-{n}" for n in range(50)]
    line = "x".join(values * 20)
    assert "secret-number" not in masker(values)(line)
