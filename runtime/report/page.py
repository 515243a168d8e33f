"""`report.html`: a verification for people, in one file that loads nothing and runs nothing."""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files

from causalspec.runtime.report.claim import badge, claim_section
from causalspec.runtime.report.markup import Markup, joined, markup, prose
from causalspec.runtime.report.scores import dot_and_interval
from causalspec.runtime.report.text import (
    ANSWERS,
    WHAT_A_VERDICT_DOES_NOT_SAY,
    WHAT_IIA_MEANS,
    figure,
    headline,
    interval,
)
from causalspec.runtime.results.records import ClaimVerdict, Manifest, Verification


def render_report(verification: Verification) -> str:
    """The report as the text of one HTML file, to be written as UTF-8 with these very newlines.

    Everything that comes from a spec, a network or a tokenizer is escaped. The content security
    policy allows the one style sheet, by its hash, and nothing else.
    """
    style = files(__package__ or __name__).joinpath("report.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    manifest = verification.manifest
    return markup(
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta http-equiv="Content-Security-Policy" content="default-src &#39;none&#39;; '
        "style-src &#39;sha256-{digest}&#39;; base-uri &#39;none&#39;; "
        'form-action &#39;none&#39;">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        '<meta name="referrer" content="no-referrer">\n'
        '<meta name="generator" content="causalspec {version}">\n'
        "<title>{headline}: {spec}</title>\n<style>{style}</style>\n</head>\n<body>\n"
        "{header}\n<main>\n{claims}\n{meaning}\n{reproduction}\n</main>\n"
        "<footer>Written by causalspec {version}.</footer>\n</body>\n</html>\n",
        digest=digest,
        version=manifest.causalspec,
        headline=headline(verification),
        spec=manifest.spec,
        style=Markup(style),
        header=_header(verification),
        claims=joined(
            claim_section(one, _identifier(number))
            for number, one in enumerate(verification.verdicts, start=1)
        ),
        meaning=_meaning(),
        reproduction=_reproduction(manifest),
    )


def _identifier(number: int) -> str:
    return f"claim-{number}"


def _header(verification: Verification) -> Markup:
    manifest = verification.manifest
    claims = joined(
        _claim_line(one, _identifier(number))
        for number, one in enumerate(verification.verdicts, start=1)
    )
    return markup(
        '<header class="{state}"><p class="about">causalspec verification</p>'
        "<h1>{headline}</h1>"
        '<p class="subject"><code>{spec}</code> on <code>{network}</code></p>'
        '<nav aria-label="Claims"><ul class="claims">{claims}</ul></nav>'
        '<p class="scale-note">IIA on the test pairs, from 0 to 1, with 95 % intervals</p>'
        "</header>",
        state=_state(verification),
        headline=headline(verification),
        spec=manifest.spec,
        network=manifest.network,
        claims=claims,
    )


def _state(verification: Verification) -> str:
    if not verification.verdicts:
        return "some-fail"
    return {True: "all-hold", False: "some-fail", None: "some-unknown"}[verification.holds]


def _claim_line(verdict: ClaimVerdict, identifier: str) -> Markup:
    return markup(
        '<li><a href="#{id}"><code>{claim}</code></a> {badge} {plot} '
        '<span class="score"><b>{mean}</b> <span class="interval">{interval}</span></span></li>',
        id=identifier,
        claim=verdict.claim,
        badge=badge(verdict.holds),
        plot=dot_and_interval(verdict.score, ()),
        mean=figure(verdict.score.mean),
        interval=interval(verdict.score),
    )


def _meaning() -> Markup:
    return markup(
        '<section aria-labelledby="meaning"><h2 id="meaning">What the figures mean</h2>'
        "<p>{iia}</p><h3>What a verdict does not say</h3><ul>{limits}</ul></section>",
        iia=prose(WHAT_IIA_MEANS),
        limits=joined(markup("<li>{text}</li>", text=one) for one in WHAT_A_VERDICT_DOES_NOT_SAY),
    )


def _answers(manifest: Manifest) -> str:
    """What the network chose its answers from, as people say it; empty where it is not known."""
    return ANSWERS.get(manifest.answers, manifest.answers)


def _reproduction(manifest: Manifest) -> Markup:
    facts = [
        ("seed", str(manifest.seed)),
        ("device", manifest.device),
        *([("answers from", answers)] if (answers := _answers(manifest)) else ()),
        ("causalspec", manifest.causalspec),
        *manifest.versions,
    ]
    hashes = [
        (manifest.spec, manifest.spec_sha256),
        *manifest.files,
        *manifest.reused,
        (manifest.network, manifest.network_sha256),
    ]
    return markup(
        '<section aria-labelledby="reproduce"><h2 id="reproduce">How to reproduce it</h2>'
        "<pre><code>{command}</code></pre>"
        '<dl class="facts">{facts}</dl>'
        '<table role="table" class="hashes"><caption>SHA-256 of what went in</caption>'
        '<tbody role="rowgroup">{hashes}</tbody></table></section>',
        command=manifest.command,
        facts=joined(
            markup("<div><dt>{name}</dt><dd>{value}</dd></div>", name=name, value=value)
            for name, value in facts
        ),
        hashes=joined(
            markup(
                '<tr role="row"><th role="rowheader" scope="row">{name}</th>'
                '<td role="cell"><code>{value}</code></td></tr>',
                name=name,
                value=value or "–",
            )
            for name, value in hashes
        ),
    )
