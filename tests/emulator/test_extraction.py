"""Text out of files: formats, encodings, and files made to hurt."""

import io
import json
import sys
import zipfile
from pathlib import Path

import pytest

from asstctl.emulator.knowledge import extraction
from asstctl.emulator.knowledge.documents import MAX_BYTES, Unreadable
from asstctl.emulator.knowledge.extraction import text_of

pytestmark = pytest.mark.anyio

_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_BODY = (
    f'<?xml version="1.0"?><w:document xmlns:w="{_W}"><w:body>'
    "<w:p><w:r><w:t>First</w:t></w:r><w:r><w:tab/><w:t>tabbed &amp; 退款</w:t></w:r></w:p>"
    "<w:tbl><w:tr><w:tc><w:p><w:r><w:t>cell</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"
    "<w:p><w:r><w:delText>gone</w:delText></w:r></w:p></w:body></w:document>"
)


def _docx(body: str | bytes = _BODY, name: str = "word/document.xml") -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, body)
    return held.getvalue()


def _pdf(content: bytes = b"BT /F1 24 Tf 7 70 Td (Refunds take 30 days) Tj ET") -> bytes:
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 99 99] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    held, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(held))
        held += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"trailer << /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % len(held)
    return held + b"xref\n0 6\n0000000000 65535 f \n" + table + end


async def _read(folder: Path, name: str, data: bytes) -> str:
    # Stored under an id, as the server does: what a file is does not follow from its path.
    path = folder / "file-1"
    path.write_bytes(data)
    return await text_of(path, name)


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("a.txt", b"plain text\r\nin two lines", "plain text\nin two lines"),
        ("a.md", "# 标题\n正文".encode(), "# 标题\n正文"),
        ("a.py", b"def f():\n\treturn 1\n", "def f():\n\treturn 1\n"),
        ("a.csv", "名字,价格\n茶,3".encode(), "名字,价格\n茶,3"),
        ("a.json", b'{"a": "\\u9000\\u6b3e", "b": "\\\\u9000", "c": "\\n", "d": "\\ud800"}', None),
        ("no-extension", b"just text", "just text"),
        ("utf-8-sig.txt", b"\xef\xbb\xbftext", "text"),
        ("utf-16.txt", "退款 policy".encode("utf-16"), "退款 policy"),
        ("utf-16-be.txt", b"\xfe\xff" + "退款".encode("utf-16-be"), "退款"),
        ("utf-32.txt", "退款".encode("utf-32"), "退款"),
        ("gb18030.txt", "七天无理由退货".encode("gb18030"), "七天无理由退货"),
        ("western.txt", "café, naïve".encode("cp1252"), "café, naïve"),
        ("a.docx", _docx(), "First\ttabbed & 退款\ncell\n\t\n"),
        ("a.pdf", _pdf(), "Refunds take 30 days"),
        ("unnamed", _pdf(), "Refunds take 30 days"),
        (
            "a.html",
            b"<!doctype html><title>T</title><script>var x</script><p>One <b>bold</b>&nbsp;&amp;\n two</p><p>Three</p>",
            "T\nOne bold & two\nThree",
        ),
        ("page.txt", b"<html><body><p>Sniffed</p></body></html>", "Sniffed"),
    ],
)
async def test_text_by_format_and_encoding(tmp_path: Path, name: str, data: bytes, expected: str | None) -> None:
    if expected is None:
        expected = '{"a": "退款", "b": "\\\\u9000", "c": "\\n", "d": "\\ud800"}'
    assert (await _read(tmp_path, name, data)).strip("\x00") == expected


@pytest.mark.parametrize(
    ("name", "data", "code", "words"),
    [
        ("a.txt", b"", "invalid_file", "empty"),
        ("a.txt", b" \n\t ", "invalid_file", "no text"),
        ("a.png", b"\x89PNG\r\n\x1a\n" + bytes(40), "unsupported_file", "not text"),
        ("a.txt", bytes(range(1, 32)) * 9, "unsupported_file", "not text"),
        ("a.doc", b"\xd0\xcf\x11\xe0" + bytes(512), "unsupported_file", "not text"),
        ("a.txt", b"caf\xe9 \x81 \xff", "unsupported_file", "UTF-8"),
        ("a.pptx", _docx(name="ppt/presentation.xml"), "unsupported_file", "not a Word document"),
        ("a.docx", b"no archive", "invalid_file", "not the Word document"),
        ("a.docx", _docx()[:-30], "invalid_file", "damaged"),
        ("a.docx", _docx("<w:document"), "invalid_file", "not well formed"),
        (
            "a.docx",
            _docx(f'<!DOCTYPE d [<!ENTITY a "x">]><d xmlns:w="{_W}">&a;</d>'),
            "invalid_file",
            "type declaration",
        ),
        ("a.docx", _docx(f'<!DOCTYPE d><d xmlns:w="{_W}"/>'.encode("utf-16")), "invalid_file", "type declaration"),
        ("a.pdf", b"not a pdf", "invalid_file", "not the PDF"),
        ("a.pdf", b"%PDF-1.4\n" + bytes(100), "invalid_file", "damaged"),
        ("a.pdf", _pdf(b" "), "invalid_file", "no text"),
    ],
)
async def test_what_has_no_text_says_why(tmp_path: Path, name: str, data: bytes, code: str, words: str) -> None:
    with pytest.raises(Unreadable) as caught:
        await _read(tmp_path, name, data)
    assert (caught.value.code, words in caught.value.message) == (code, True), caught.value.message


async def test_a_pdf_without_pypdf_names_the_command_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extraction, "_library", lambda: "")
    with pytest.raises(Unreadable) as caught:
        await _read(tmp_path, "a.pdf", _pdf())
    assert caught.value.code == "unsupported_file"
    assert "pip install 'asstctl[pdf]'" in caught.value.message


async def test_a_word_file_that_unpacks_without_end_is_refused(tmp_path: Path) -> None:
    bomb = _docx(f'<w:document xmlns:w="{_W}"><w:t>' + " " * (MAX_BYTES + 1024))
    assert len(bomb) < 200_000
    with pytest.raises(Unreadable) as caught:
        await _read(tmp_path, "bomb.docx", bomb)
    assert caught.value.code == "invalid_file"


async def test_a_pdf_that_asks_for_too_much_memory_fails_and_the_server_lives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if sys.platform != "linux":
        pytest.skip("limits of memory are Linux's here")
    monkeypatch.setattr(extraction, "MEMORY_LIMIT", 16 * 1024 * 1024)
    with pytest.raises(Unreadable) as caught:
        await _read(tmp_path, "a.pdf", _pdf())
    assert caught.value.code == "invalid_file"


@pytest.fixture
def sleeping_child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    program = tmp_path / "sleeper.py"
    program.write_text(
        "import os, sys, time\nopen(sys.argv[2] + '.pid', 'w').write(str(os.getpid()))\ntime.sleep(60)\n"
    )
    monkeypatch.setattr(extraction.documents, "__file__", str(program))
    monkeypatch.setattr(extraction, "TIME_LIMIT", 1.0)
    return tmp_path / "file-1.pid"


async def test_a_file_that_takes_too_long_is_given_up_and_its_child_ended(tmp_path: Path, sleeping_child: Path) -> None:
    with pytest.raises(Unreadable) as caught:
        await _read(tmp_path, "a.html", b"<p>text</p>")
    assert "longer than 1 seconds" in caught.value.message
    assert not Path(f"/proc/{sleeping_child.read_text()}").exists()


async def test_the_child_gets_no_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "program.py"
    program.write_text("import json, os\nprint('null')\nprint(json.dumps(dict(os.environ)))\n")
    monkeypatch.setattr(extraction.documents, "__file__", str(program))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    assert "sk-secret" not in json.loads(await _read(tmp_path, "a.html", b"<p>text</p>"))


async def test_a_large_text_is_the_same_as_a_small_one(tmp_path: Path) -> None:
    text = "七天无理由退货。 return within 7 days\n" * 20_000
    assert await _read(tmp_path, "a.txt", text.encode("gb18030")) == text
