"""One claim of the report: what was expected, where it was found, beside what, on which pairs."""

from __future__ import annotations

from causalspec.runtime.report.graph import graph_figure
from causalspec.runtime.report.heatmap import site_figure
from causalspec.runtime.report.markup import NOTHING, Markup, joined, markup, prose
from causalspec.runtime.report.scores import control_rows, kind_rows
from causalspec.runtime.report.text import (
    duration,
    expectation_figure,
    figure,
    interval,
    percent,
    repeats,
    site_name,
    verbatim,
    verdict_word,
)
from causalspec.runtime.results.records import ClaimVerdict, ExpectationVerdict, PairCounts, PairRow


def claim_section(verdict: ClaimVerdict, identifier: str) -> Markup:
    """The whole section of a claim; `identifier` is its anchor in the page."""
    return markup(
        '<section class="claim" id="{id}" aria-labelledby="{id}-name">'
        '<h2 id="{id}-name"><code>{claim}</code> {badge}</h2>{parts}</section>',
        id=identifier,
        claim=verdict.claim,
        badge=badge(verdict.holds),
        parts=joined(
            [
                _hypothesis(verdict, identifier),
                _part("What was expected", _expectations(verdict)),
                _part("Where in the network", site_figure(verdict)),
                _part("Beside controls and rivals", control_rows(verdict))
                if verdict.controls
                else NOTHING,
                _part("Kinds of swap", kind_rows(verdict)) if verdict.per_kind else NOTHING,
                _part("How many pairs", _counts(verdict)) if verdict.counts else NOTHING,
                _part("What it answers wrongly", _wrong(verdict)) if verdict.wrong else NOTHING,
                _part("Pairs to read", _pairs(verdict)) if verdict.rows else NOTHING,
                _part("Notes", _notes(verdict)) if verdict.notes else NOTHING,
            ]
        ),
    )


def badge(holds: bool | None) -> Markup:
    """`✓ holds`, `✗ fails` or `? unknown`: a mark and a word beside the colour."""
    return markup(
        '<span class="badge {word}"><span aria-hidden="true">{mark}</span> {word}</span>',
        word=verdict_word(holds),
        mark={True: "✓", False: "✗", None: "?"}[holds],
    )


def _part(heading: str, content: Markup) -> Markup:
    return markup("<h3>{heading}</h3>{content}", heading=heading, content=content)


def _hypothesis(verdict: ClaimVerdict, identifier: str) -> Markup:
    documentation = NOTHING
    if verdict.documentation:
        documentation = markup("<blockquote>{text}</blockquote>", text=prose(verdict.documentation))
    drawing = graph_figure(verdict.graph_svg, identifier) if verdict.graph_svg else None
    graph = NOTHING
    if drawing is not None:
        graph = markup(
            '<figure class="graph"><div class="scroll" tabindex="0" role="region" '
            'aria-label="causal graph">{drawing}</div>'
            "<figcaption>The causal graph of <code>{model}</code></figcaption></figure>",
            drawing=drawing,
            model=verdict.model,
        )
    score = verdict.score
    return markup(
        '<p class="big"><b>{mean}</b> <span>IIA, 95 % interval {interval}'
        "<br>{correct} of {total} test pairs{repeats}</span></p>"
        '{documentation}{graph}<dl class="facts">'
        "<div><dt>hypothesis</dt><dd><code>{model}</code></dd></div>"
        "<div><dt>alignment</dt><dd><code>{alignment}</code></dd></div>"
        "<div><dt>map</dt><dd><code>{method}</code></dd></div>"
        "<div><dt>site chosen</dt><dd>{site}</dd></div>"
        "<div><dt>time</dt><dd>{time}</dd></div></dl>",
        mean=figure(score.mean),
        interval=interval(score),
        correct=score.correct,
        total=score.total,
        repeats=repeats(score),
        documentation=documentation,
        graph=graph,
        model=verdict.model,
        alignment=verdict.alignment,
        method=verdict.method,
        site=site_name(verdict.chosen),
        time=duration(verdict.seconds),
    )


def _expectations(verdict: ClaimVerdict) -> Markup:
    if not verdict.expectations:
        return markup("<p>The claim states no expectation.</p>")
    return markup(
        '<div class="scroll"><table class="plain expectations">'
        "<caption>Each line of the claim as written, and what its left side came to on the test "
        'pairs</caption><thead><tr><th scope="col">expected</th><th scope="col">came to</th>'
        '<th scope="col">verdict</th></tr></thead><tbody>{rows}</tbody></table></div>',
        rows=joined(_expectation(one) for one in verdict.expectations),
    )


def _expectation(one: ExpectationVerdict) -> Markup:
    return markup(
        '<tr><th scope="row"><code>{text}</code>{reason}</th><td>{value}</td><td>{badge}</td></tr>',
        text=one.text,
        reason=markup('<span class="why">{text}</span>', text=prose(one.reason))
        if one.reason
        else NOTHING,
        value=expectation_figure(one.value),
        badge=badge(one.holds),
    )


def _counts(verdict: ClaimVerdict) -> Markup:
    return markup(
        "<p>A pair is <em>answered rightly</em> when the network, left alone, gives the right "
        "answer to the base and to every source. The <em>floor</em> is the share of scored "
        "pairs whose label is the base’s own answer: what ignoring every swap would score. "
        "<em>Distinct</em> are pairs that differ for the network: repeated ones count once in "
        "every interval.</p>"
        '<div class="scroll"><table class="plain"><caption class="unseen">Pairs by split</caption>'
        '<thead><tr><th scope="col">pairs</th><th scope="col" class="word">split</th>'
        '<th scope="col">drawn</th>'
        '<th scope="col">answered rightly</th><th scope="col">scored</th>'
        '<th scope="col">distinct</th><th scope="col">floor</th>'
        "</tr></thead><tbody>{rows}</tbody></table></div>",
        rows=joined(_count(one) for one in verdict.counts),
    )


def _count(one: PairCounts) -> Markup:
    return markup(
        '<tr><th scope="row"><code>{design}</code></th><td class="word">{split}</td>'
        "<td>{drawn}</td>"
        '<td>{answered} <span class="interval">{share}</span></td><td>{used}</td>'
        "<td>{distinct}</td><td>{floor}</td></tr>",
        design=one.design,
        split=one.split,
        drawn=f"{one.drawn:,}",
        answered=f"{one.answered:,}",
        share=percent(one.answered, one.drawn),
        used=f"{one.used:,}",
        distinct="–" if one.distinct is None else f"{one.distinct:,}",
        floor=figure(one.floor),
    )


def _wrong(verdict: ClaimVerdict) -> Markup:
    return markup(
        "<p>Left alone, the network answers less than half of the pairs rightly. Some prompts that "
        "it answers wrongly:</p>"
        '<div class="scroll"><table class="plain"><caption class="unseen">Wrong answers</caption>'
        '<thead><tr><th scope="col">prompt</th><th scope="col" class="word">it said</th>'
        '<th scope="col" class="word">right</th></tr></thead><tbody>{rows}</tbody></table></div>',
        rows=joined(
            markup(
                '<tr><th scope="row"><q>{prompt}</q></th><td class="word"><code>{said}</code></td>'
                '<td class="word"><code>{right}</code></td></tr>',
                prompt=one.prompt,
                said=verbatim(one.said),
                right=verbatim(one.right),
            )
            for one in verdict.wrong
        ),
    )


def _pairs(verdict: ClaimVerdict) -> Markup:
    agreeing = sum(one.agrees for one in verdict.rows)
    return markup(
        "<p>{count} pairs as the network read them; it says what the hypothesis says on {agreeing} "
        "of these. <b>base</b> is the prompt that is run, <b>source</b> the one that the swapped "
        "part of the activations comes from.</p>"
        '<table role="table" class="pairs"><caption class="unseen">Counterfactual pairs</caption>'
        '<thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">base and '
        'source</th><th role="columnheader" scope="col">swapped</th><th role="columnheader" '
        'scope="col">base’s answer</th><th role="columnheader" scope="col">label</th>'
        '<th role="columnheader" scope="col">network said</th></tr></thead>'
        '<tbody role="rowgroup">{rows}</tbody></table>',
        count=len(verdict.rows),
        agreeing=agreeing,
        rows=joined(_pair(one) for one in verdict.rows),
    )


def _pair(one: PairRow) -> Markup:
    sources = joined(
        markup(
            '<span class="prompt"><b>{name}</b> <q>{text}</q></span>',
            name="source" if len(one.sources) == 1 else f"source {number}",
            text=source,
        )
        for number, source in enumerate(one.sources, start=1)
    )
    mark = markup('<span class="mark holds" role="img" aria-label="agrees">✓</span>')
    if not one.agrees:
        mark = markup('<span class="mark fails" role="img" aria-label="differs">✗</span>')
    return markup(
        '<tr role="row"><td role="cell" class="prompts"><span class="prompt"><b>base</b> '
        "<q>{base}</q></span>{sources}</td>"
        '<td role="cell"><b class="label">swapped</b><code>{swapped}</code></td>'
        '<td role="cell"><b class="label">base’s answer</b><code>{answer}</code></td>'
        '<td role="cell"><b class="label">label</b><code>{label}</code></td>'
        '<td role="cell"><b class="label">network said</b><span><code>{said}</code> {mark}</span>'
        "</td></tr>",
        base=one.base,
        sources=sources,
        swapped=one.swapped,
        answer=verbatim(one.base_answer),
        label=verbatim(one.label),
        said=verbatim(one.said),
        mark=mark,
    )


def _notes(verdict: ClaimVerdict) -> Markup:
    items = joined(markup("<li>{note}</li>", note=prose(note)) for note in verdict.notes)
    return markup('<ul class="notes">{items}</ul>', items=items)
