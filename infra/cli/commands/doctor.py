"""`skustream doctor`: what is missing, and the one command that mends it."""

from dataclasses import asdict

import typer

from infra.cli.output import Exit, Json, emit


def doctor(as_json: Json = False) -> None:
    """Check this machine and the running stack. Exit code 0: all is well; 5: something is missing."""
    from infra.local.checks import CHECKS, Finding

    findings: list[Finding] = [finding for check in CHECKS for finding in check()]
    bad = [finding for finding in findings if not finding.ok]

    def words() -> str:
        lines = []
        for finding in findings:
            lines.append(f"{'ok  ' if finding.ok else 'BAD '} {finding.name}: {finding.found}")
            if not finding.ok:
                lines.append(f"     mend it with: {finding.mend}")
        lines.append(f"{len(bad)} of {len(findings)} checks found something." if bad else "All is well.")
        return "\n".join(lines)

    emit({"ok": not bad, "findings": [asdict(finding) for finding in findings]}, as_json, words)
    if bad:
        raise typer.Exit(int(Exit.FINDINGS))
