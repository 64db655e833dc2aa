"""The code blocks of the project's pages, and a script that runs those of one page."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    str(path.relative_to(ROOT))
    for path in [
        *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
        *(ROOT / "docs").rglob("*.md"),
    ]
)
LANGUAGES = {"sh", "python", "toml", "text"}
DIRECTIVES = {"{toctree}", "{include}", "{eval-rst}"}
"""What Sphinx reads; no code."""

MARK = re.compile(r"<!--\s*not run:(.*?)-->\s*", re.DOTALL)
PAGE_MARK = re.compile(r"<!--\s*no block of this page is run:(.*?)-->\s*", re.DOTALL)

IN_SMALL = {
    "evolve": "--budget 4 --epochs 1 --train-limit 200 --workers 0",
    "refine": "--budget 3 --neighbours 2 --morphisms 1 --epochs 1 --workers 0",
    "train": "--epochs 1",
    "resume": "--workers 0",
}
"""What the test adds to a command that does not say it: a reader has minutes, a test seconds."""

COMPARED_IN_SMALL = "--seeds 2 --budget 100"
"""What takes the place of the seeds and the budget of a comparison."""

RESUMED_IN_SMALL = "--budget 6"
"""What takes the place of the budget that a run goes on to, where that is 40 or more: `evolve` made 4."""

PRELUDE = '''\
"""The blocks of {page}, in order."""

import subprocess
import sys

import evonas


def shell(text):
    subprocess.run(["sh", "-exc", text], check=True)

{forking}

def in_small(name, **small):
    function = getattr(evonas, name)

    def call(*given, **choices):
        if "evaluate" in choices:  # a function of the page's own, which trains nothing
            return function(*given, **choices)
        if "budget" in small:
            choices["budget"] = min(small["budget"], choices.get("budget", small["budget"]))
        if isinstance(choices.get("dataset", ""), str):
            return function(*given, **{{**({{}} if "toolbox" in choices else small), **choices}})
        limited = {{key: value for key, value in small.items() if key != "train_limit"}}  # it is in memory
        return function(*given, **{{**limited, **choices}})

    setattr(evonas, name, call)

'''
FORKING = """
sys.path.append({support!r})
import shlex

from forking import forked_commands

command = forked_commands()
by_shell = shell


def shell(text):
    for line in text.splitlines():
        if line.startswith("evonas ") and not set(line) & set("|&;<>$`*?(){{}}"):
            print("+", line, flush=True)
            status = command(shlex.split(line))
            assert status == 0, f"{{line}}: status {{status}}"
        else:
            by_shell(line)

"""
"""Lets plain commands of evonas run in forked processes: one imports torch for all of them."""

CALLS_IN_SMALL = """
in_small("evolve", budget=6, epochs=1, train_limit=200)
in_small("resume", budget=8)
in_small("refine", budget=3, neighbours=2, morphisms=1, epochs=1)
in_small("toolbox", epochs=1, train_limit=200)
"""
"""The same for the functions, where they train: at most so many candidates, and what the page leaves open."""


@dataclass(frozen=True)
class Block:
    """A fenced block: `title` is the file that it stands for, `mark` the reason why it is not run."""

    language: str
    title: str | None
    text: str
    mark: str | None


def tokens(page: str) -> list[Token]:
    """The page as Markdown's own parser reads it."""
    return MarkdownIt("commonmark").parse((ROOT / page).read_text(encoding="utf-8"))


def blocks(page: str) -> list[Block]:
    """The code blocks of a page; one mark may speak for all of them."""
    found, above, whole = [], None, None
    for token in tokens(page):
        if token.type == "html_block":
            above = token
            if match := PAGE_MARK.fullmatch(token.content):
                whole = match[1].strip()
        elif token.type == "fence":
            language, _, rest = token.info.strip().partition(" ")
            title = re.search(r'title="([^"]+)"', rest)
            mark = MARK.fullmatch(above.content) if above and above.map[1] == token.map[0] else None
            if language not in DIRECTIVES:
                reason = mark[1].strip() if mark else whole
                found.append(Block(language, title and title[1], token.content, reason))
    return found


def mistakes(page: str) -> Iterator[str]:
    """What would keep a block of the page from being seen, or from being run without a word."""
    found = tokens(page)
    for token, after in zip(found, [*found[1:], None], strict=True):
        if token.type == "code_block":
            yield f"line {token.map[0] + 1}: an indented block; put it between ``` and say its language"
        if token.type == "html_block" and re.match(r"<!--\s*no[tn]?[ -].*run\b", token.content):
            mark, whole = MARK.fullmatch(token.content), PAGE_MARK.fullmatch(token.content)
            if not (mark or whole) or not (mark or whole)[1].strip():
                yield f"line {token.map[0] + 1}: a mark without a reason"
            elif mark and (after is None or after.type != "fence" or after.map[0] != token.map[1]):
                yield f"line {token.map[0] + 1}: a mark that is not directly above a block"
        # As in a list, where four spaces make no block.
        if token.type == "inline" and re.search(r"^(evonas [a-z]+ -|python \S+\.py)", token.content, re.M):
            yield f"line {token.map[0] + 1}: a command within a paragraph"
    for block in blocks(page):
        if block.language not in LANGUAGES:
            yield f"a block of unknown language {block.language!r}: {block.text:.40}"
        if block.language == "text" and re.search(r"^(evonas [a-z]|python |pip |import )", block.text, re.M):
            yield f"a block of text that holds commands: {block.text:.40}"


def commands(text: str) -> Iterator[str]:
    """The lines of a block of commands: continued ones joined, comments left out."""
    for line in re.sub(r"\\\n\s*", "", text).splitlines():
        bare = re.sub(r"(^|\s)#.*", "", line).rstrip()
        if bare:
            yield bare


def in_small(command: str, page: str) -> str:
    """The command with what makes it short, where it searches or trains."""
    words = shlex.split(command)
    if words[0] != "evonas":
        return command
    if words[1] == "compare" and "--seeds" in words:
        return f"{command} {COMPARED_IN_SMALL}"  # of an option that comes twice the last counts
    if words[1] == "resume" and "--budget" in words and int(words[words.index("--budget") + 1]) >= 40:
        command = f"{command} {RESUMED_IN_SMALL}"
    if "--table" in words:
        return command  # a look-up takes no time
    added = re.findall(r"(--\S+) (\S+)", IN_SMALL.get(words[1], ""))
    # Where candidates are evaluated is what that page is about.
    elsewhere = page == "docs/scaling.md" or {"--devices", "--ray", "--timeout"} & set(words)
    skipped = {*words, *(["--workers"] if elsewhere else [])}
    return " ".join([command, *(f"{option} {value}" for option, value in added if option not in skipped)])


def script(page: str, forking: bool = False) -> str | None:
    """A Python script that runs what is not marked, in order; none if there is nothing to run.

    Args:
        page: Its path in the repository.
        forking: Whether no process is started anew for what evonas does.
    """
    steps = []
    found = [block for block in blocks(page) if block.mark is None]
    for block in found:
        if block.title:
            steps.append(f"open({block.title!r}, 'w', encoding='utf-8').write({block.text!r})\n")
        elif block.language == "python":
            steps.append(block.text)
        elif block.language == "sh":
            steps.append(f"shell({chr(10).join(in_small(line, page) for line in commands(block.text))!r})\n")
    if not steps:
        return None
    calls = any(block.language == "python" and not block.title for block in found)
    forks = FORKING.format(support=str(Path(__file__).parent)) if forking else ""
    prelude = PRELUDE.format(page=page, forking=forks) + (CALLS_IN_SMALL if calls else "")
    return prelude + "\n" + "\n".join(steps)
