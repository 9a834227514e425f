"""Shapes and names of secrets: whatever the notation, it is found, never shown; and what is none is left alone."""

import base64
import json
import re
import string
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stackproof.engines.cfnlint.secrets import shapes
from stackproof.engines.cfnlint.secrets.judge import Judge
from stackproof.engines.cfnlint.secrets.names import says_about, says_secret, words
from stackproof.engines.cfnlint.secrets.settings import settings as settings_in

SECRET_NAMES = """
    DB_PASSWORD password dbPassword MasterUserPassword API_KEY apiKey APIKey CLIENT_SECRET JWT_SECRET
    SECRET_KEY AWS_SECRET_ACCESS_KEY GITHUB_TOKEN AccessToken PRIVATE_KEY ssh-private-key passphrase
    CREDENTIALS WEBHOOK_SECRET SIGNING_KEY authToken SMTP_PASS DBPASSWORD PASSWORD2 spring.datasource.password
    --db_password STRIPE_SECRET Secret HMAC_KEY ENCRYPTION_SECRET SLACK_TOKEN
""".split()
OTHER_NAMES = """
    SECRET_ARN DB_SECRET_ARN SECRET_NAME SecretId TOKEN_TABLE KEY_ID AWS_ACCESS_KEY_ID PASSWORD_POLICY
    TOKEN_TTL_SECONDS MAX_TOKENS SECRETS_MANAGER_ENDPOINT PUBLIC_KEY KMS_KEY_ARN KeyName PASSWORD_FILE
    PRIVATE_KEY_PATH AUTH_TOKEN_URL NextToken ClientToken COMPASS_URL BYPASS KEYSPACE TOKENIZER SECRETARY
    PASSENGERS TABLE HOST ROTATE_PASSWORD PasswordLength USE_SECRETS CSRF_TOKEN_NAME PARTITION_KEY SORT_KEY
    S3_KEY OBJECT_KEY TOKEN_ISSUER CREDENTIALS_PROVIDER password-stdin
""".split()
VALUE = st.text(alphabet=string.ascii_letters + string.digits + "!#%*+_", min_size=8, max_size=30).filter(
    lambda text: (
        text[0].isalnum()
        and not text.startswith(("AQICA", "arn"))
        and any(c.isdigit() for c in text)
        and not text.replace(".", "").isdigit()
        and "%" not in text
    )
)


def judge(value, name="X", **sections):
    template = {"Resources": {}, **sections}
    one = Judge(SimpleNamespace(template=template, context=SimpleNamespace(parameter_sets=[])))
    return list(one.tree(name, value, ("Here",)))


@pytest.mark.parametrize("name", SECRET_NAMES)
def test_name_says_secret(name):
    assert says_secret(name)
    assert judge("k9x-4711-qwerty", name)


@pytest.mark.parametrize("name", OTHER_NAMES)
def test_name_says_no_secret(name):
    assert not says_secret(name)
    assert judge("k9x-4711-qwerty", name) == []


NOTATIONS = {
    "upper": "_".join,
    "kebab": "-".join,
    "dots": ".".join,
    "pascal": lambda parts: "".join(part.capitalize() for part in parts),
    "camel": lambda parts: parts[0] + "".join(part.capitalize() for part in parts[1:]),
}
WORD = st.sampled_from(["db", "app", "prod", "user", "main", "orders", "mail", "root"])


@given(
    st.lists(WORD, min_size=1, max_size=3),
    st.sampled_from(["password", "secret", "token"]),
    st.sampled_from([*NOTATIONS]),
)
def test_name_means_the_same_in_every_notation(parts, last, notation):
    name = NOTATIONS[notation]([*parts, last])
    for written in (name, name.upper() if notation in ("upper", "kebab", "dots") else name):
        assert words(written) == (*parts, last)
        assert says_secret(written)
        assert says_about(written + ("Arn" if notation in ("pascal", "camel") else "_arn"))


@given(st.text(max_size=40))
def test_any_name_is_read(name):
    assert not (says_about(name) and says_secret(name))


def of(alphabet, length):
    return st.text(alphabet=alphabet, min_size=length, max_size=length)


WORDS = string.ascii_letters + string.digits
SHAPES = {
    "an AWS access key id": of(string.ascii_uppercase + "234567", 16).map(lambda t: f"AKIA{t}"),
    "a GitHub token": of(WORDS, 36).map(lambda t: f"ghp_{t}"),
    "a GitLab token": of(WORDS, 20).map(lambda t: f"glpat-{t}"),
    "a Slack token": of(WORDS, 24).map(lambda t: f"xoxb-{t[:12]}-{t[12:]}"),
    "a Stripe key": of(WORDS, 24).map(lambda t: f"sk_live_{t}"),
    "a Google API key": of(WORDS, 35).map(lambda t: f"AIza{t}"),
    "a JSON web token": of(WORDS, 30).map(lambda t: f"eyJ{t[:10]}.eyJ{t[10:20]}.{t[20:]}"),
    "a private key": st.sampled_from(["RSA ", "EC ", "", "OPENSSH ", "ENCRYPTED "]).map(
        lambda t: f"-----BEGIN {t}PRIVATE KEY-----\nMIIE"
    ),
}


@pytest.mark.parametrize("kind", [*SHAPES])
@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_shape_is_known_wherever_it_stands_and_is_not_shown(kind, data):
    secret = data.draw(SHAPES[kind])
    around = data.draw(st.sampled_from(["{}", "key={}", "see {} there", '{{"a": "{}"}}', "x\n{}\ny", "'{}'"]))
    text = around.format(secret)
    encoded = base64.b64encode(text.encode()).decode()
    for value in (text, {"Fn::Join": ["", [text[:1], text[1:]]]}, {"Fn::Sub": text}, {"Fn::Base64": text}, encoded):
        (fault, *_) = judge(value)
        assert kind in fault.message
        assert secret not in fault.message


SETTINGS = [
    "password={}",
    "password: {}",
    '"password": "{}"',
    "{{'password': '{}'}}",
    "export DB_PASSWORD={}",
    "--password {}",
    "--password={}",
    "-password {}",
    "<password>{}</password>",
    "Server=db;Password={};Timeout=3",
    "a=b&api_key={}&c=d",
    '{{\\"password\\": \\"{}\\"}}',
    "password => '{}'",
    "set DB_PASSWORD {}",
    "ENV API_KEY {}",
    "db.password = {}",
    "postgres://app:{}@db.example.com/app",
    "redis://:{}@cache:6379/0",
    "echo root:{} | chpasswd",
    "mysql -u app -p{}",
    "curl -u app:{} https://example.com",
    "Authorization: Bearer {}",
]


@pytest.mark.parametrize("setting", SETTINGS)
@given(value=VALUE)
@settings(max_examples=25, deadline=None)
def test_secret_in_a_setting_is_found_and_not_shown(setting, value):
    (fault, *_) = judge(f"first line\n{setting.format(value)}\nlast line")
    assert value not in fault.message


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("value", ["${DB_PASSWORD}", "{{resolve:secretsmanager:prod/db:SecretString:pw}}", "$PASSWORD"])
def test_setting_that_takes_its_value_from_elsewhere_is_none(setting, value):
    assert judge(f"first line\n{setting.format(value)}\nlast line") == []


@pytest.mark.parametrize(
    "text",
    [
        "password = os.environ['DB_PASSWORD']",
        "const token = process.env.TOKEN;",
        "token = get_token(name)",
        'echo "no token: exit"',
        "user:read token:refresh",
        "grant_type=client_credentials",
        "password=$(aws secretsmanager get-secret-value --secret-id x)",
        "API_KEY=`cat key`",
        "password_file=/etc/pw",
        "# The password is in Secrets Manager",
        "PasswordAuthentication no",
        'if [ -z "$TOKEN" ]; then exit 1; fi',
        "docker run -e DB_PASSWORD app",
        "secret_name: prod/db",
        "token_url=https://example.com/token",
        "password:",
        "https://example.com:8443/path",
        "git@github.com:org/repo.git",
        "s3://bucket/key",
        "2026-11-26T00:00:00Z",
        "111122223333.dkr.ecr.eu-central-1.amazonaws.com/app@sha256:" + "0123456789abcdef" * 4,
        "arn:aws:secretsmanager:eu-central-1:111122223333:secret:prod/db-a1B2c3",
        "/aws/lambda/token-service",
        "arn:aws:iam::111122223333:role/service-role/ApplicationDeploymentRoleForProduction1",
        "self.password = password",
        "max_tokens=4096",
        "sha256:" + "0123456789abcdef" * 4,
        "5f1e9a1c0d7e4b6a8c3d2f1a0b9c8d7e6f5a4b3c",
    ],
)
def test_text_without_a_secret_is_left_alone(text):
    assert judge(text) == []
    assert judge({"Fn::Base64": {"Fn::Sub": text.replace("${", "${!")}}) == []


@given(st.text(max_size=300))
@settings(max_examples=300, deadline=1000)
def test_any_text_is_judged(text):
    for fault in judge(text, "UserData"):
        assert fault.path == ("Here",)
    list(settings_in(text))
    shapes.decoded(text)


KEYS = """
    Ref Fn::Sub
    Fn::Join Fn::If Fn::GetAtt Fn::FindInMap Fn::Select Fn::Base64 Fn::ImportValue Fn::ToJsonString a Password
""".split()
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "Ref",
                    "Fn::Sub",
                    "Fn::Join",
                    "Fn::If",
                    "Fn::GetAtt",
                    "Fn::FindInMap",
                    "Fn::Select",
                    "Fn::Base64",
                    "Fn::ImportValue",
                    "Fn::ToJsonString",
                    "a",
                    "Password",
                ]
            ),
            inner,
            max_size=2,
        )
    ),
    max_leaves=12,
)


@given(JSON, st.dictionaries(st.sampled_from(["P", "Password"]), JSON, max_size=2))
@settings(max_examples=200, deadline=None)
def test_any_value_is_judged(value, section):
    judge(value, "DB_PASSWORD", Parameters=section, Mappings=section)


@pytest.mark.parametrize(
    "text", ["a" * 200_000, "password=" * 20_000, "://:" * 30_000, "-p " * 40_000, "A1b" * 50_000, "$" * 90_000]
)
def test_long_text_is_judged_in_time(text):
    import time

    start = time.process_time()
    judge(text)
    assert time.process_time() - start < 5


@pytest.mark.parametrize(
    ("name", "value", "secret"),
    [
        ("DB_SECRET", "prod/db", False),
        ("DB_SECRET", "my-app-secret", False),
        ("DB_SECRET", "MyAppSecret", False),
        ("DB_SECRET", {"Fn::Sub": "${AWS::StackName}-db"}, False),
        ("LICENSE_KEY_SECRET", "NEW_RELIC_LICENSE_KEY", False),
        ("DB_SECRET", "supersecret", True),
        ("SECRET", "my-secret", True),
        ("JWT_SECRET", "my-jwt-secret", True),
        ("CLIENT_SECRET", "prod/client", True),
        ("API_KEY", "my-api-secret", True),
        ("DB_PASSWORD", "prod/db", True),
    ],
)
def test_name_of_a_secret_is_told_from_a_secret(name, value, secret):
    assert bool(judge(value, name)) is secret


def test_message_names_what_and_where():
    (fault,) = judge("hunter2", "DB_PASSWORD")
    assert fault.message == "DB_PASSWORD holds a secret, in clear text."
    (fault,) = judge(json.dumps({"db": {"password": "hunter2"}}), "CONFIG")
    assert fault.message == "CONFIG gives password its secret, in clear text."
    assert re.fullmatch(r"[^<>]+", fault.message)
