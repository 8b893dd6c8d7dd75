"""The page of a study: it has what the study has, as text."""

import re
from pathlib import Path

from support.made_up_study import made_up_study

from mcugraph.compress.study_result import StudyResult


def test_a_page_has_all_trials_and_what_was_assumed(tmp_path: Path) -> None:
    study = made_up_study(tmp_path)
    study.report(tmp_path / "study.html")
    page = (tmp_path / "study.html").read_text()
    known = [trial for trial in study.done if trial.figures["flash"] is not None]
    assert page.count("<circle") == len(known) == len(study.done) - 1
    assert page.count('class="front"') == len(study.front)
    assert page.count("<tr><td") == len(study.done)
    assert "mnist.npz; training: epochs 3, batch 64; seed 0." in page
    assert "&lt;i&gt;cannot be deployed&lt;/i&gt; (#0)" in page
    assert "#10 failed: &lt;b&gt;out of memory" in page
    assert page.index("Assumed") < page.index("<svg")
    assert not re.search(r"(src|href)=", page)
    for cell in re.findall(r"<td[^>]*>([^<]*)</td>", page):
        assert cell in str(study)


def test_a_page_of_nothing(tmp_path: Path) -> None:
    StudyResult([], tmp_path).report(tmp_path / "study.html")
    page = (tmp_path / "study.html").read_text()
    assert "in 0 trials" in page
    assert "<svg" not in page
