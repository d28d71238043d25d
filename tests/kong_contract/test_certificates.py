"""Certificates with their SNIs, and CA certificates."""

from __future__ import annotations

from tests.kong_contract.cases import NOT_FOUND, REQUIRED, Case, Runner, case, delete, get, patch, post, put
from tests.kong_contract.matching import TIMESTAMP, UUID, Matching, containing

PAIR = {"cert": "{one_cert}", "key": "{one_key}"}
OTHER_PAIR = {"cert": "{two_cert}", "key": "{two_key}"}
CERTIFICATE = put("/certificates/{id1}", {**PAIR, "snis": ["{n}.test", "{n}-b.test"]}).kept("certificate")
SNI = put("/snis/{n}-z.test", {"certificate": {"id": "{id1}"}}).kept("sni")
TLS_SERVICE = put("/services/{n}", {"url": "https://example.com"}).kept("service")
CONDITION = {"@entity": ["failed conditional validation given value of field 'protocol'"]}
NO_CERTIFICATE = Matching("^invalid certificate: x509.new: ")

CASES = [
    case(
        "the SNIs of a certificate are created with it and answered in order",
        post("/certificates", {**PAIR, "snis": ["{n}.test", "{n}-a.test"], "tags": ["t1"]}).gives(
            201,
            {
                "id": UUID,
                "cert": "{one_cert}",
                "key": "{one_key}",
                "cert_alt": None,
                "key_alt": None,
                "snis": ["{n}-a.test", "{n}.test"],
                "tags": ["t1"],
                "created_at": TIMESTAMP,
            },
        ),
    ),
    case("without SNIs the list is empty", post("/certificates", PAIR).gives(201, {"snis": []})),
    case(
        "the same certificate may be there twice",
        post("/certificates", PAIR).gives(201),
        post("/certificates", PAIR).gives(201),
    ),
    case(
        "a key fits its certificate",
        post("/certificates", {"cert": "{one_cert}", "key": "{two_key}"}).violates(
            {"@entity": ["certificate does not match key"]}
        ),
    ),
    case(
        "a certificate is looked into",
        post("/certificates", {"cert": "nope", "key": "{one_key}"}).gives(
            400, {"code": 2, "name": "schema violation", "fields": {"cert": NO_CERTIFICATE}}
        ),
    ),
    case("a key is required", post("/certificates", {"cert": "{one_cert}"}).violates({"key": REQUIRED})),
    case(
        "an SNI has one certificate",
        CERTIFICATE,
        post("/certificates", {**OTHER_PAIR, "snis": ["{n}.test"]}).violates(
            {"snis": "{n}.test already associated with existing certificate '{id1}'"}
        ),
    ),
    case(
        "an SNI is named once",
        post("/certificates", {**OTHER_PAIR, "snis": ["{n}.test", "{n}.test"]}).violates(
            {"snis": "{n}.test is duplicated"}
        ),
    ),
    case(
        "PUT by id creates, with SNIs",
        put("/certificates/{id1}", {**OTHER_PAIR, "snis": ["{n}.test"]}).gives(
            200, {"id": "{id1}", "snis": ["{n}.test"]}
        ),
    ),
    case("found by an SNI", CERTIFICATE, get("/certificates/{n}.test").gives(200, {"id": "{id1}"})),
    case(
        "PATCH replaces the SNIs",
        CERTIFICATE,
        patch("/certificates/{id1}", {"snis": ["{n}.test", "{n}-c.test"]}).gives(
            200, {"snis": ["{n}-c.test", "{n}.test"]}
        ),
        get("/snis/{n}-b.test").gives(404, NOT_FOUND),
    ),
    case(
        "PATCH without SNIs keeps them",
        CERTIFICATE,
        patch("/certificates/{id1}", {"tags": ["t"]}).gives(200, {"tags": ["t"], "snis": ["{n}-b.test", "{n}.test"]}),
    ),
    case(
        "PUT without SNIs removes them",
        CERTIFICATE,
        put("/certificates/{id1}", PAIR).gives(200, {"id": "{id1}", "snis": []}),
        get("/snis/{n}.test").gives(404, NOT_FOUND),
    ),
    case(
        "PUT with no SNIs removes them",
        CERTIFICATE,
        put("/certificates/{id1}", {**PAIR, "snis": []}).gives(200, {"id": "{id1}", "snis": []}),
    ),
    case(
        "PUT by an SNI that is not there creates a certificate without it",
        put("/certificates/{n}.test", OTHER_PAIR).gives(200, {"id": UUID, "snis": []}),
    ),
    case(
        "PUT by an SNI that is not there, with others: it joins them",
        put("/certificates/{n}.test", {**PAIR, "snis": ["{n}-other.test"]}).gives(
            200, {"snis": ["{n}-other.test", "{n}.test"]}
        ),
    ),
    case(
        "snis: one is added to a certificate",
        CERTIFICATE,
        post("/snis", {"name": "{n}-x.test", "certificate": {"id": "{id1}"}}).gives(
            201, {"id": UUID, "name": "{n}-x.test", "certificate": {"id": "{id1}"}}
        ),
    ),
    case(
        "snis: a taken name is a conflict",
        CERTIFICATE,
        post("/snis", {"name": "{n}.test", "certificate": {"id": "{id1}"}}).refused(5, {"name": "{n}.test"}),
    ),
    case("snis: a certificate is required", post("/snis", {"name": "{n}.test"}).violates({"certificate": REQUIRED})),
    case(
        "snis: the certificate exists",
        post("/snis", {"name": "{n}.test", "certificate": {"id": "{nobody}"}}).refused(
            4,
            {"certificate": {"id": "{nobody}"}},
            "the foreign key '{id=\"{nobody}\"}' does not reference an existing 'certificates' entity.",
        ),
    ),
    case(
        "snis: a name is a host name",
        CERTIFICATE,
        post("/snis", {"name": "bad name!", "certificate": {"id": "{id1}"}}).violates(
            {"name": "invalid value: bad name!"}
        ),
    ),
    case(
        "snis: PUT by name",
        CERTIFICATE,
        put("/snis/{n}-z.test", {"certificate": {"id": "{id1}"}}).gives(
            200, {"name": "{n}-z.test", "certificate": {"id": "{id1}"}}
        ),
    ),
    case(
        "snis: the list of a certificate",
        CERTIFICATE,
        SNI,
        get("/certificates/{id1}/snis").gives(
            200,
            {"data": containing({"name": "{n}.test"}, {"name": "{n}-b.test"}, {"name": "{n}-z.test"}), "next": None},
        ),
    ),
    case(
        "snis: there is no way from one to its certificate",
        CERTIFICATE,
        SNI,
        get("/snis/{n}-z.test/certificate").gives(404, NOT_FOUND),
    ),
    case(
        "SNIs go with their certificate",
        CERTIFICATE,
        SNI,
        delete("/certificates/{id1}").gives(204, ""),
        get("/snis/{n}-z.test").gives(404, NOT_FOUND),
    ),
    case(
        "a TLS service shows a client certificate",
        CERTIFICATE,
        TLS_SERVICE,
        patch("/services/{n}", {"client_certificate": {"id": "{id1}"}}).gives(
            200, {"client_certificate": {"id": "{id1}"}}
        ),
        delete("/certificates/{id1}").refused(
            4, {"@referenced_by": "services"}, "an existing 'services' entity references this 'certificates' entity"
        ),
        patch("/services/{n}", {"client_certificate": None}).gives(200, {"client_certificate": None}),
        delete("/certificates/{id1}").gives(204, ""),
    ),
    case(
        "a plain service shows none",
        CERTIFICATE,
        put("/services/{n}", {"host": "h"}),
        patch("/services/{n}", {"client_certificate": {"id": "{id1}"}}).violates(
            {"client_certificate": "value must be null", **CONDITION}
        ),
    ),
    case(
        "ca: a creation adds the digest",
        post("/ca_certificates", {"cert": "{one_cert}"}).gives(
            201, {"id": UUID, "cert": "{one_cert}", "cert_digest": "{one_digest}"}
        ),
    ),
    case(
        "ca: the same one twice is a conflict",
        post("/ca_certificates", {"cert": "{one_cert}"}),
        post("/ca_certificates", {"cert": "{one_cert}"}).refused(5, {"cert_digest": "{one_digest}"}),
    ),
    case(
        "ca: it says that it is one",
        post("/ca_certificates", {"cert": "{leaf_cert}"}).violates(
            {"@entity": ['certificate does not appear to be a CA because it is missing the "CA" basic constraint']}
        ),
    ),
    case(
        "ca: it is looked into",
        post("/ca_certificates", {"cert": "zzz"}).gives(400, {"code": 2, "fields": {"cert": NO_CERTIFICATE}}),
    ),
    case(
        "ca: PUT by id creates",
        put("/ca_certificates/{id1}", {"cert": "{two_cert}"}).gives(
            200, {"id": "{id1}", "cert_digest": "{two_digest}"}
        ),
    ),
    case(
        "ca: the list",
        put("/ca_certificates/{id1}", {"cert": "{two_cert}", "tags": ["{n}"]}),
        get("/ca_certificates?tags={n}").gives(200, {"data": [{"id": "{id1}", "cert": "{two_cert}"}], "next": None}),
    ),
    case(
        "ca: in use it cannot be deleted",
        put("/ca_certificates/{id1}", {"cert": "{two_cert}"}),
        TLS_SERVICE,
        patch("/services/{n}", {"ca_certificates": ["{id1}"], "tls_verify": True}).gives(
            200, {"ca_certificates": ["{id1}"], "tls_verify": True}
        ),
        delete("/ca_certificates/{id1}").refused(
            19, message="ca certificate {id1} is still referenced by services (id = {service.id})"
        ),
    ),
    case(
        "ca: a service may name one that does not exist",
        TLS_SERVICE,
        patch("/services/{n}", {"ca_certificates": ["{nobody}"]}).gives(200, {"ca_certificates": ["{nobody}"]}),
    ),
]


def test_certificates(case: Case, run: Runner) -> None:
    run(case)
