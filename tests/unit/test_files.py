"""A file or directory appears whole or not at all."""

import os

import pytest

from s3etl import files


def test_a_directory_that_fails_half_way_leaves_nothing(tmp_path):
    def half_way():
        with files.new_directory(tmp_path / "final") as new:
            (new / "half").write_text("x")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half_way()
    assert list(tmp_path.iterdir()) == []


def test_a_finished_directory_is_there_under_its_name(tmp_path):
    with files.new_directory(tmp_path / "final") as new:
        (new / "whole").write_text("x")
    assert [p.name for p in tmp_path.iterdir()] == ["final"]
    assert (tmp_path / "final" / "whole").read_text() == "x"


def test_what_is_there_already_stays(tmp_path):
    for text in ("first", "second"):
        with files.new_directory(tmp_path / "final") as new:
            (new / "file").write_text(text)
    assert (tmp_path / "final" / "file").read_text() == "first"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_write_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "pointer"
    files.point(path, "old")
    monkeypatch.setattr(files.os, "fsync", lambda _: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        files.point(path, "new")
    assert files.pointed(path) == "old"
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_who_may_read_a_file_is_what_the_umask_says(tmp_path, umask, mode):
    before = os.umask(umask)
    try:
        files.write_atomic(tmp_path / "report.html", b"x")
    finally:
        os.umask(before)
    assert (tmp_path / "report.html").stat().st_mode & 0o777 == mode


def test_a_pointer_that_is_not_there_points_nowhere(tmp_path):
    assert files.pointed(tmp_path / "none") is None


def test_identity_depends_on_every_part_and_not_on_key_order():
    assert files.identity({"a": 1, "b": 2}) == files.identity({"b": 2, "a": 1})
    assert files.identity("a", "b") != files.identity("ab")
    assert files.identity(1) != files.identity(2)


def test_code_version_changes_with_the_code(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    module = tmp_path / "some_parser.py"
    module.write_text("x = 1\n")
    before = files.code_version("some_parser")
    assert files.code_version("some_parser") == before
    module.write_text("x = 2\n")
    assert files.code_version("some_parser") != before


def test_a_new_module_of_a_package_changes_its_version(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    package = tmp_path / "some_package"
    package.mkdir()
    (package / "__init__.py").write_text("")
    before = files.code_version("some_package.*")
    (package / "more.py").write_text("")
    assert files.code_version("some_package.*") != before
    with pytest.raises(ModuleNotFoundError):
        files.code_version("no_such_package.*")
