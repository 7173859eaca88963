"""How this course is graded; README.md beside this file says how it is run."""

import sys
from pathlib import Path

from nbconvert.preprocessors import ClearMetadataPreprocessor, CSSHTMLHeaderPreprocessor
from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    ClearOutput,
    DeduplicateIds,
    GetGrades,
    IgnorePattern,
    LimitOutput,
    OverwriteCells,
    OverwriteKernelspec,
    SaveAutoGrades,
)

from optilab.course.autograde import HideTests, RestoreCells
from optilab.course.collect import Collector
from optilab.course.execute import Execute

c = get_config()  # noqa: F821 (given by whoever reads this file)

c.CourseDirectory.course_id = "optilab"
c.CourseDirectory.root = str(Path(__file__).resolve().parent)  # gradebook.db, an SQLite file, lies here too

# Whose file is whose in a learning platform's zip. Moodle's "Ada Lovelace_1234567_assignsubmission_file_/mine.ipynb" is
# from "Ada Lovelace"; Canvas's "lovelaceada_LATE_4321_98765_mine-1.ipynb" from "4321", Canvas's number of the student;
# "ada_ASSIGNMENT.ipynb" and "ada/ASSIGNMENT.ipynb" are from "ada".
c.ZipCollectApp.collector_plugin = Collector
c.FileNameCollectorPlugin.named_regexp = r"""(?x)
    .*[/\\](?P<assignment>[^/\\]+)[/\\]extracted[/\\](?:.*?[/\\])??
    (?:[^/\\_]+_(?:LATE_)?(?=\d+_\d+_))?
    (?P<student_id>[^/\\.][^/\\]*?)
    (?:_(?P<number>\d+)_assignsubmission_file(?:_?[/\\](?:.*[/\\])?|_)|_\d+_|[_/\\](?=(?P=assignment)))
    (?P<file_id>[^/\\.][^/\\]*?)(?:-\d+)?\.ipynb$
"""

# Students' code runs in a kernel, and checks in processes of their own. A cell or check that takes longer than a
# minute, a check longer than its own `exam(seconds=…)` allow if that is more, that ends its process or takes more than
# 4 GiB has failed; the other tasks are graded. Modules beside a notebook are not imported. It is no sandbox: see
# README.md.
c.Execute.timeout = 60
c.Execute.submission_timeout = 600
c.Execute.memory = memory = 4 << 30
c.Execute.shutdown_kernel = "immediate"
c.Execute.raise_on_iopub_timeout = False
c.Execute.extra_arguments = [
    "--HistoryManager.hist_file=:memory:",
    "--IPKernelApp.ignore_cwd=True",
    "--IPKernelApp.log_level=ERROR",
]
if sys.platform == "linux":
    limit = f"import resource; resource.setrlimit(resource.RLIMIT_AS, ({memory}, {memory}))"
    c.Execute.extra_arguments += [f"--IPKernelApp.exec_lines={limit}"]
c.LimitOutput.max_lines = 200

# nbgrader's own steps, after the marks and cells that a student deleted are back, on the kernel described above.
c.Autograde.sanitize_preprocessors = [
    RestoreCells,
    ClearOutput,
    DeduplicateIds,
    OverwriteKernelspec,
    OverwriteCells,
    CheckCellMetadata,
]
c.Autograde.autograde_preprocessors = [
    Execute,
    IgnorePattern,
    ClearMetadataPreprocessor,
    LimitOutput,
    SaveAutoGrades,
    AssignLatePenalties,
    CheckCellMetadata,
]
c.GenerateFeedback.preprocessors = [HideTests, GetGrades, CSSHTMLHeaderPreprocessor]
c.ClearSolutions.code_stub = {"python": "# Your answer\nraise RuntimeError('This task has no answer yet.')"}
