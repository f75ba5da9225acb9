"""QTI 2.1 (IMS Question and Test Interoperability): a content package with one item a question and one test.

Choices, true or false, words and numbers; scoring is all or nothing, as here.
"""

from __future__ import annotations

import hashlib
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

from actions.training.exchange.rows import whole_stem
from actions.training.numerals import comparable
from actions.training.questions import FALSE, TRUE, Content, Question, QuestionType

QTI = "http://www.imsglobal.org/xsd/imsqti_v2p1"
PACKAGE = "http://www.imsglobal.org/xsd/imscp_v1p1"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")  # no dot: those are the test's own
_NOT_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TRUTHS = ((TRUE, "对"), (FALSE, "错"))


def write(questions: Sequence[Question], path: Path, *, title: str) -> int:
    """Write a package and return how many questions it has."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for question in questions:
            package.writestr(_file(question), _xml(item(question), QTI))
        package.writestr("test.xml", _xml(_test(questions, title), QTI))
        package.writestr("imsmanifest.xml", _xml(_manifest(questions), PACKAGE))
    return len(questions)


def item(question: Question) -> ET.Element:
    """Return a question as an assessmentItem."""
    content = question.content
    root = ET.Element(
        "assessmentItem",
        {
            "identifier": _name(question),
            "title": content.stem[:60].replace("\n", " "),
            "adaptive": "false",
            "timeDependent": "false",
        },
    )
    root.append(_declaration(content))
    outcome = ET.SubElement(
        root,
        "outcomeDeclaration",
        {"identifier": "SCORE", "cardinality": "single", "baseType": "float"},
    )
    ET.SubElement(ET.SubElement(outcome, "defaultValue"), "value").text = "0"
    if content.explanation:
        ET.SubElement(
            root,
            "outcomeDeclaration",
            {"identifier": "FEEDBACK", "cardinality": "single", "baseType": "identifier"},
        )
    _body(ET.SubElement(root, "itemBody"), content)
    root.append(_processing(content))
    if content.explanation:
        told = ET.SubElement(
            root,
            "modalFeedback",
            {"outcomeIdentifier": "FEEDBACK", "identifier": "EXPLAINED", "showHide": "show"},
        )
        _paragraphs(told, content.explanation)
    return root


def _declaration(content: Content) -> ET.Element:
    """Return what a right response is."""
    kinds = {QuestionType.FILL: "string", QuestionType.NUMERIC: "float"}
    several = content.type is QuestionType.MULTIPLE
    declared = ET.Element(
        "responseDeclaration",
        {
            "identifier": "RESPONSE",
            "cardinality": "multiple" if several else "single",
            "baseType": kinds.get(content.type, "identifier"),
        },
    )
    correct = ET.SubElement(declared, "correctResponse")
    right = content.answer if several else content.answer[:1]
    for value in right:
        ET.SubElement(correct, "value").text = value
    if content.type is QuestionType.FILL:
        mapping = ET.SubElement(declared, "mapping", {"defaultValue": "0"})
        for word in _different(content.answer):
            ET.SubElement(mapping, "mapEntry", {"mapKey": word, "mappedValue": "1", "caseSensitive": "false"})
    return declared


def _different(words: Sequence[str]) -> list[str]:
    return list({word.lower(): word for word in reversed(words) if comparable(word)}.values())[::-1]


def _body(body: ET.Element, content: Content) -> None:
    """Fill the itemBody: the stem and the interaction."""
    if content.type in (QuestionType.FILL, QuestionType.NUMERIC):
        _paragraphs(body, whole_stem(content))
        line = ET.SubElement(body, "p")
        ET.SubElement(
            line, "textEntryInteraction", {"responseIdentifier": "RESPONSE", "expectedLength": "20"}
        )
        return
    if content.scenario:
        _paragraphs(body, content.scenario)
    choices = content.options or _TRUTHS
    interaction = ET.SubElement(
        body,
        "choiceInteraction",
        {
            "responseIdentifier": "RESPONSE",
            "shuffle": "true" if content.options else "false",
            "maxChoices": "0" if content.type is QuestionType.MULTIPLE else "1",
        },
    )
    ET.SubElement(interaction, "prompt").text = content.stem
    for key, text in choices:
        ET.SubElement(interaction, "simpleChoice", {"identifier": key}).text = text


def _paragraphs(body: ET.Element, text: str) -> None:
    for line in filter(str.strip, text.splitlines()):
        ET.SubElement(body, "p").text = line


def _processing(content: Content) -> ET.Element:
    """Return how a response is scored; the feedback is shown whatever was answered."""
    processing = ET.Element("responseProcessing")
    condition = ET.SubElement(processing, "responseCondition")
    test = ET.SubElement(condition, "responseIf")
    if content.type is QuestionType.FILL:
        more = ET.SubElement(test, "gt")
        ET.SubElement(more, "mapResponse", {"identifier": "RESPONSE"})
        ET.SubElement(more, "baseValue", {"baseType": "float"}).text = "0"
    else:
        attributes = {}
        if content.type is QuestionType.NUMERIC:
            attributes = {
                "toleranceMode": "absolute",
                "tolerance": f"{content.tolerance} {content.tolerance}",
            }
        same = ET.SubElement(test, "equal" if attributes else "match", attributes)
        ET.SubElement(same, "variable", {"identifier": "RESPONSE"})
        ET.SubElement(same, "correct", {"identifier": "RESPONSE"})
    _set(test, "SCORE", "float", "1")
    otherwise = ET.SubElement(condition, "responseElse")
    _set(otherwise, "SCORE", "float", "0")
    if content.explanation:
        _set(processing, "FEEDBACK", "identifier", "EXPLAINED")
    return processing


def _set(parent: ET.Element, outcome: str, kind: str, value: str) -> None:
    setting = ET.SubElement(parent, "setOutcomeValue", {"identifier": outcome})
    ET.SubElement(setting, "baseValue", {"baseType": kind}).text = value


def _test(questions: Sequence[Question], title: str) -> ET.Element:
    root = ET.Element("assessmentTest", {"identifier": "wenjin.test", "title": title})
    part = ET.SubElement(
        root,
        "testPart",
        {"identifier": "wenjin.part", "navigationMode": "nonlinear", "submissionMode": "individual"},
    )
    section = ET.SubElement(
        part, "assessmentSection", {"identifier": "wenjin.section", "title": title, "visible": "true"}
    )
    for question in questions:
        ET.SubElement(section, "assessmentItemRef", {"identifier": _name(question), "href": _file(question)})
    return root


def _manifest(questions: Sequence[Question]) -> ET.Element:
    root = ET.Element("manifest", {"identifier": "wenjin-questions"})
    data = ET.SubElement(root, "metadata")
    ET.SubElement(data, "schema").text = "QTIv2.1 Package"
    ET.SubElement(data, "schemaversion").text = "1.0.0"
    ET.SubElement(root, "organizations")
    resources = ET.SubElement(root, "resources")
    files = [(_name(q), "imsqti_item_xmlv2p1", _file(q)) for q in questions]
    for name, kind, href in [("wenjin.test", "imsqti_test_xmlv2p1", "test.xml"), *files]:
        resource = ET.SubElement(
            resources, "resource", {"identifier": f"r-{name}", "type": kind, "href": href}
        )
        ET.SubElement(resource, "file", {"href": href})
        if kind == "imsqti_test_xmlv2p1":
            for other, _, _ in files:
                ET.SubElement(resource, "dependency", {"identifierref": f"r-{other}"})
    return root


def _xml(root: ET.Element, namespace: str) -> bytes:
    root.set("xmlns", namespace)
    root.set("xmlns:xsi", _XSI)
    root.set("xsi:schemaLocation", f"{namespace} {namespace}.xsd")
    for element in root.iter():
        element.text = _NOT_XML.sub("", element.text) if element.text else element.text
        for name, value in element.items():
            element.set(name, _NOT_XML.sub("", value))
    body: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return body


def _name(question: Question) -> str:
    """Return a question's id as a name and a part of a path: one that is neither becomes a hash."""
    if _NAME.fullmatch(question.id):
        return question.id
    if _NAME.fullmatch(f"q-{question.id}"):
        return f"q-{question.id}"
    return f"q-{hashlib.sha256(question.id.encode()).hexdigest()[:16]}"


def _file(question: Question) -> str:
    return f"items/{_name(question)}.xml"
