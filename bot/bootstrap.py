"""Make the environment from nothing but Python 3.11 and a C compiler; make runs it first."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
LOG = os.path.join(ROOT, ".wenjin", "setup.log")
LOCK = os.path.join(ROOT, "requirements.lock")
TORCH = "torch==2.13.0"  # apart from the lock: its CPU build has a hash of its own
NEEDED_GIB = 6

SPACE = re.compile(r"No space left|Errno 28|Disk quota", re.I)
NETWORK = re.compile(
    r"Connection|Max retries|timed out|Temporary failure|Name or service|No matching|HTTPError|SSL",
    re.I,
)
COMPILER = re.compile(
    r"command '.*(gcc|cc)' failed|No such file or directory: '.*(gcc|cc)'|unable to execute"
)
HASHES = re.compile(r"THESE PACKAGES DO NOT MATCH THE HASHES", re.I)


def main() -> None:
    """Install what requirements.lock names, once for each content of it."""
    check_python()
    if not os.path.isdir(os.path.dirname(LOG)):
        os.makedirs(os.path.dirname(LOG))
    steps = [
        ("创建虚拟环境", "venv", "1", make_venv),
        ("安装依赖", "lock", digest(LOCK), install_lock),
        ("安装 PyTorch", "torch", TORCH, install_torch),
        ("安装问津", "project", digest(os.path.join(ROOT, "pyproject.toml")), install_project),
    ]
    for label, name, wanted, action in steps:
        stamp = os.path.join(VENV, ".wenjin-" + name)
        if read(stamp) != wanted:
            check_space()
            action(label)
            with open(stamp, "w") as file:
                file.write(wanted)


def check_python() -> None:
    """Stop with one sentence where this is no Python 3.11."""
    if sys.version_info[:2] != (3, 11):
        here = "%d.%d" % sys.version_info[:2]
        stop(
            "需要 Python 3.11，当前是 %s。请安装 python3.11，或用 make PYTHON=/path/to/python3.11 指定。"
            % here
        )


def check_space() -> None:
    """Stop with one sentence where the disk is too full."""
    free = shutil.disk_usage(ROOT).free / 2.0**30
    if free < NEEDED_GIB:
        stop(
            "磁盘空间不够：首次安装约需 %d GB，%s 只剩 %.1f GB。请腾出空间后重新运行。"
            % (NEEDED_GIB, ROOT, free)
        )


def make_venv(label: str) -> None:
    """Make .venv anew; what was in it had been made for something else or was left half done."""
    shutil.rmtree(VENV, ignore_errors=True)
    run(label, [sys.executable, "-m", "venv", VENV])


def install_lock(label: str) -> None:
    """Install every package of the lock, hashes checked."""
    with open(LOCK) as file:
        count = sum("==" in line for line in file)
    pip(label, ["--no-deps", "--require-hashes", "--ignore-requires-python", "-r", LOCK], count)


def install_torch(label: str) -> None:
    """Install PyTorch; what it needs and the lock has not comes with it."""
    pip(label, [TORCH], 0)


def install_project(label: str) -> None:
    """Install the project itself, so that the command wenjin exists."""
    pip(label, ["--no-deps", "-e", ROOT], 0)


def pip(label: str, arguments: list, count: int) -> None:  # type: ignore[type-arg]
    """Run pip install and show which package it is at."""
    command = [
        os.path.join(VENV, "bin", "python"),
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "--no-input",
        "--progress-bar",
        "off",
    ]
    run(label, [*command, *arguments], count)


def run(label: str, command: list, count: int = 0) -> None:  # type: ignore[type-arg]
    """Run a command with a line of progress; everything it prints goes to the log."""
    line = Line(label, count)
    output = []
    with open(LOG, "a") as log:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True
        )
        for text in process.stdout or ():
            log.write(text)
            output.append(text)
            line.follow(text)
        code = process.wait()
    line.end("没有成功" if code else "完成")
    if code:
        stop(explain("".join(output)))


class Line:
    """One line of progress: rewritten on a terminal, now and then printed anew elsewhere."""

    def __init__(self, label: str, count: int) -> None:
        self.label, self.count = label, count
        self.started, self.seen, self.at, self.shown = time.time(), 0, "", ""
        self.terminal = sys.stdout.isatty()
        self.show("")

    def follow(self, text: str) -> None:
        """Take one line of pip's output into account."""
        if text.startswith(("Collecting ", "Processing ")):
            self.seen, self.at = self.seen + 1, os.path.basename(text.split()[1]).split("==")[0]
        elif text.startswith("Installing collected"):
            self.at = "写入磁盘，约需一分钟"
        else:
            return
        self.show("%d/%d " % (self.seen, self.count) if self.count else "")

    def show(self, place: str) -> None:
        """Print where things are."""
        if self.terminal:
            sys.stdout.write(
                "\r\033[K%s %s%s（%d 秒）" % (self.label, place, self.at, time.time() - self.started)
            )
            sys.stdout.flush()
            return
        mark = self.label + str(self.seen // 25) + ("!" if self.at.startswith("写入") else "")
        if mark != self.shown:
            self.shown = mark
            print(("%s %s%s" % (self.label, place, self.at)).rstrip(), flush=True)

    def end(self, how: str) -> None:
        """Say how it ended and how long it took."""
        start = "\r\033[K" if self.terminal else ""
        print("%s%s %s（%d 秒）" % (start, self.label, how, time.time() - self.started), flush=True)


def explain(output: str) -> str:
    """Return the one sentence that says what went wrong."""
    where = "详情见 %s。" % LOG
    if SPACE.search(output):
        return "安装失败：磁盘空间不够，请腾出空间后重新运行。" + where
    if HASHES.search(output):
        return "安装失败：下载的软件包与锁文件的校验值不符，请检查软件源后重新运行。" + where
    if COMPILER.search(output):
        return "安装失败：缺少 C 编译器，请先安装 gcc 和 Python 头文件。" + where
    if NETWORK.search(output):
        return (
            "安装失败：软件包下载不下来，请检查网络或 pip 的软件源设置后重新运行，已完成的步骤不会重做。"
            + where
        )
    return "安装失败。" + where


def digest(path: str) -> str:
    """Return the SHA-256 of a file."""
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def read(path: str) -> str:
    """Return a small file's text, "" where it is absent."""
    if not os.path.isfile(path):
        return ""
    with open(path) as file:
        return file.read()


def stop(sentence: str) -> None:
    """Print one sentence and end."""
    sys.stderr.write(sentence + "\n")
    sys.exit(1)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        stop("已中断，重新运行会从没做完的一步继续。")
    except OSError as error:
        stop("安装失败：%s。" % (error.strerror or error))
