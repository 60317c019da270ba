"""What Eurostat says instead of data, made by hand."""

import json

BIG = b'{"error":[{"status":413,"id":413,"label":"EXTRACTION_TOO_BIG: estimated 10305182 rows"}]}'


def error(status: object, label: str) -> bytes:
    return json.dumps({"error": [{"status": status, "id": 100, "label": label}]}).encode()


def fault(code: str, said: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<S:Fault xmlns:S="http://schemas.xmlsoap.org/soap/envelope/">'
        f"<faultcode>{code}</faultcode><faultstring>{said}</faultstring></S:Fault>"
    ).encode()


def envelope(inner: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8" ?>'
        '<env:Envelope xmlns:env="http://schemas.xmlsoap.org/soap/envelope/"><env:Body>'
        f"{inner}</env:Body></env:Envelope>"
    ).encode()


def queued(key: str, status: str = "SUBMITTED") -> bytes:
    return envelope(
        '<n:syncResponse xmlns:n="http://estat.ec.europa.eu/disschain/soap/extraction"><queued>'
        f"<id>{key}</id><status>{status}</status></queued></n:syncResponse>"
    )


def standing(status: str, key: str = "a801f1c5") -> bytes:
    return envelope(
        '<a:asyncResponse xmlns:a="http://estat.ec.europa.eu/disschain/soap/asynchronous" '
        'xmlns:b="http://estat.ec.europa.eu/disschain/asynchronous"><b:status>'
        f"<b:key>{key}</b:key><b:status>{status}</b:status></b:status></a:asyncResponse>"
    )
