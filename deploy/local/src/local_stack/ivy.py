"""Runs Apache Ivy, which ships inside pyspark, so that no Maven has to be installed."""

import os
import subprocess
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from xml.sax.saxutils import quoteattr

from local_stack.errors import PrerequisiteError

MIRROR_VARIABLE = "TAPELINE_MAVEN_MIRROR"
# Without "bundle" scala-logging is missing: it is published as an OSGi bundle, and the broker needs it.
_JAR_TYPES = ("jar", "bundle", "maven-plugin")


def ivy_jar() -> Path:
    """Path of the Ivy jar inside pyspark, found without importing pyspark (that takes a second)."""
    spec = find_spec("pyspark")
    if spec is None or spec.origin is None:
        raise PrerequisiteError("pyspark is not installed in this environment", "make install")
    jars = sorted((Path(spec.origin).parent / "jars").glob("ivy-*.jar"))
    if not jars:
        raise PrerequisiteError(f"no Ivy jar in {Path(spec.origin).parent / 'jars'}", "make install")
    return jars[-1]


def module_file(modules: Iterable[tuple[str, str, str]], follow_dependencies: bool) -> str:
    """ivy.xml that asks for (organisation, name, revision) modules."""
    lines = ["<ivy-module version='2.0'>", "<info organisation='tapeline' module='jars'/>"]
    lines += ["<configurations><conf name='default'/></configurations>", "<dependencies>"]
    for organisation, name, revision in modules:
        identity = f"org={quoteattr(organisation)} name={quoteattr(name)} rev={quoteattr(revision)}"
        if follow_dependencies:
            lines.append(f"<dependency {identity} conf='default->default'/>")
        else:
            artifact = f"<artifact name={quoteattr(name)} type='jar'/>"
            lines.append(f"<dependency {identity} transitive='false'>{artifact}</dependency>")
    return "\n".join([*lines, "</dependencies>", "</ivy-module>"])


def settings_file(cache: Path, mirror: str | None, read_poms: bool) -> str:
    """ivysettings.xml: Maven Central, or the mirror named by TAPELINE_MAVEN_MIRROR.

    Ivy's own SHA-1 check is left off: it costs a request per jar, and we compare SHA-256 afterwards.
    """
    root = f"root={quoteattr(mirror.rstrip('/') + '/')}" if mirror else ""
    return (
        "<ivysettings><property name='ivy.checksums' value=''/><settings defaultResolver='central'/>"
        f"<caches defaultCacheDir={quoteattr(str(cache))}/><resolvers>"
        f"<ibiblio name='central' m2compatible='true' usepoms='{str(read_poms).lower()}' {root}/>"
        "</resolvers></ivysettings>"
    )


def retrieve(
    java: Path,
    modules: Iterable[tuple[str, str, str]],
    work_dir: Path,
    pattern: str,
    *,
    follow_dependencies: bool = False,
    timeout_seconds: float = 900,
) -> None:
    """Download modules and copy their jars to `pattern` (Ivy tokens such as [artifact]).

    `work_dir` keeps Ivy's cache, so that an interrupted run goes on where it stopped.
    Raises PrerequisiteError with the last lines of Ivy's output.
    """
    work_dir.mkdir(parents=True, exist_ok=True)
    description, settings = work_dir / "ivy.xml", work_dir / "ivysettings.xml"
    description.write_text(module_file(modules, follow_dependencies))
    mirror = os.environ.get(MIRROR_VARIABLE)
    settings.write_text(settings_file(work_dir / "cache", mirror, follow_dependencies))
    command = [java, "-jar", ivy_jar(), "-settings", settings, "-ivy", description]
    command += ["-types", *_JAR_TYPES, "-retrieve", pattern]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout_seconds, check=False)
    except subprocess.TimeoutExpired as error:
        raise _unreachable(f"no answer within {timeout_seconds:.0f} s") from error
    if done.returncode != 0:
        raise _unreachable(_reason(done.stdout + done.stderr))


def _unreachable(reason: str) -> PrerequisiteError:
    return PrerequisiteError(
        f"the Java libraries could not be fetched: {reason}",
        "check the network (a proxy: JAVA_TOOL_OPTIONS=-Dhttps.proxyHost=... -Dhttps.proxyPort=...), "
        f"or set {MIRROR_VARIABLE} to a Maven mirror you can reach, and run the same command again: "
        "what was already fetched is kept",
    )


def _reason(output: str) -> str:
    telling = ("UNRESOLVED", "Exception", "not found", "FAILED", "unable", "Host ")
    lines = [line.strip() for line in output.splitlines() if any(word in line for word in telling)]
    return lines[-1] if lines else "Ivy failed without a reason"
