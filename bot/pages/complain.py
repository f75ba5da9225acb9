"""The complaint form: filled in, read back for confirmation, registered once. It works without JavaScript."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Request, UploadFile
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from actions.desk import attachments, customer, forms, found, intake, links, registry
from actions.desk.attachments import MOST, Upload
from actions.desk.intake import MAX_CONTACT, MAX_NAME, MAX_PRODUCT, TicketDraft
from actions.desk.rules import rules_of
from actions.service.accounts import SignedIn
from actions.service.messages import MAX_CHARACTERS, check_field
from actions.store.base import new_id
from actions.store.tables.desk import Attachment, Ticket
from bot import files
from bot.channels.sessions import give_cookie, is_staff, same_origin, speaker_of
from bot.deps import MaybeUser, RuntimeDep
from bot.guests import COOKIE
from bot.intake import PER_MINUTE, allow, filled, read, register, stored_key
from bot.pages.render import page
from bot.runtime import Runtime
from bot.turns import Speaker, conversation_of
from knowledge.errors import WenjinError

router = APIRouter(include_in_schema=False)
PATH = "/complain"
STEPS_PER_MINUTE = 30
LIMITS = {
    "matter": ("投诉事项", MAX_CHARACTERS),
    "product": ("涉及的产品或服务", MAX_PRODUCT),
    "demand": ("诉求", MAX_CHARACTERS),
    "name": ("称呼", MAX_NAME),
    "contact": ("联系方式", MAX_CONTACT),
}
NO_WAY_TO_REACH = "请填手机号、座机号或邮箱，也可以不填。"


@dataclass(frozen=True, slots=True)
class Filled:
    """The form as it was sent: what was typed, under the key of its page."""

    typed: Mapping[str, str]
    key: str
    problems: Mapping[str, str] = field(default_factory=dict)

    @property
    def draft(self) -> TicketDraft:
        """Return it as the desk takes it."""
        return TicketDraft(
            matter=self.typed["matter"], product=self.typed["product"], demand=self.typed["demand"],
            contact=self.typed["contact"], name=self.typed["name"],
        )  # fmt: skip


def sent(
    matter: Annotated[str, Form()] = "",
    product: Annotated[str, Form()] = "",
    demand: Annotated[str, Form()] = "",
    name: Annotated[str, Form()] = "",
    contact: Annotated[str, Form()] = "",
    key: Annotated[str, Form(max_length=64)] = "",
) -> Filled:
    """Return what was typed, cleaned, with what is wrong with it field by field."""
    typed, problems = {}, {}
    given = {"matter": matter, "product": product, "demand": demand, "name": name, "contact": contact}
    for field_, text in given.items():
        called, limit = LIMITS[field_]
        try:
            typed[field_] = check_field(text, name=called, limit=limit, required=field_ == "matter")
        except WenjinError as problem:
            typed[field_], problems[field_] = text, problem.message
    if typed["contact"] and "contact" not in problems and not any(forms.ways_to_reach(typed["contact"])):
        problems["contact"] = NO_WAY_TO_REACH
    return Filled(typed, key or new_id(), problems)


SentDep = Annotated[Filled, Depends(sent)]


@dataclass(frozen=True, slots=True)
class Visit:
    """Who fills in the form, known as in the chat or a new guest, and what answers them."""

    request: Request
    runtime: Runtime
    user: SignedIn | None
    speaker: Speaker

    @property
    def customer_id(self) -> str:
        """Return whose complaint it is."""
        return self.speaker.customer_id

    def place(self, s: Session) -> str:
        """Return the conversation that files wait on and that news of the ticket go to."""
        return conversation_of(s, self.speaker, self.runtime.now()).id

    def waiting(self, s: Session) -> list[Attachment]:
        """Return the files that wait for the complaint."""
        return attachments.pending(s, self.place(s))

    def show(self, template: str, status: int = 200, **shown: object) -> Response:
        """Return a page; a guest gets the cookie that the chat knows them by.

        The browser may keep what it got for a form: going back shows it as it was, with all that was typed.
        """
        made = page(self.request, template, signed_in=self.user, status=status, **shown)
        if self.request.method == "POST":
            made.headers["Cache-Control"] = "private, no-cache"
        if self.speaker.user_id is None:
            give_cookie(made, self.runtime, self.customer_id)
        return made


def visit(request: Request, runtime: RuntimeDep, user: MaybeUser) -> Visit:
    """Return who is here."""
    if is_staff(user) or runtime.guests.read(request.cookies.get(COOKIE)):
        return Visit(request, runtime, user, speaker_of(request, runtime, user))
    guest = runtime.guests.new()
    return Visit(request, runtime, user, Speaker("web", guest, guest))


VisitDep = Annotated[Visit, Depends(visit)]


@router.get(PATH)
def empty(here: VisitDep) -> Response:
    """Show the form under a new key."""
    with here.runtime.db.begin() as s:
        return _form(here, Filled(dict.fromkeys(LIMITS, ""), new_id()), here.waiting(s))


@router.post(PATH, dependencies=[Depends(same_origin)])
async def step(
    here: VisitDep,
    form: SentDep,
    sent_files: Annotated[list[UploadFile], File(alias="files")] = [],  # noqa: B006  FastAPI copies it
    do: Annotated[str, Form()] = "check",
) -> Response:
    """Take the next step: check and read back, change, drop a file, add to a known ticket, register."""
    what, most = ("complain", PER_MINUTE) if do == "confirm" else ("form", STEPS_PER_MINUTE)
    await allow(here.request, here.runtime, here.customer_id, what, most)
    return await run_in_threadpool(_step, here, form, sent_files, do)


def _step(here: Visit, form: Filled, sent_files: list[UploadFile], do: str) -> Response:
    """Do one step in one transaction; a form that was registered before leads to its ticket."""
    form, uploads = _files_read(form, sent_files)
    draft = form.draft if form.problems else read(here.runtime, filled(form.draft), intake.FORM)
    with here.runtime.db.begin() as s:
        done = intake.by_key(s, stored_key(intake.FORM, here.customer_id, form.key), here.customer_id)
        if done is not None:
            return _to(s, done, "registered")
        form = _keep_files(here, s, form, uploads)
        what, _, which = do.partition(":")
        if what == "drop":
            _drop(s, here.place(s), which)
        if form.problems or what in ("drop", "edit"):
            return _form(here, form, here.waiting(s))
        if what == "same":
            return _to(s, _add(here, s, which, form, draft), "facts")
        if what == "confirm":
            return _to(s, _registered(here, s, form, draft), "registered")
        return _summary(here, s, form, draft)


def _files_read(form: Filled, sent_files: list[UploadFile]) -> tuple[Filled, list[Upload]]:
    """Return the form's files; where they are too many or one is too large, say so and keep none."""
    try:
        return form, files.read_all(sent_files)
    except WenjinError as problem:
        return replace(form, problems={**form.problems, "files": problem.message}), []


def _keep_files(here: Visit, s: Session, form: Filled, uploads: list[Upload]) -> Filled:
    """Keep files until the complaint is registered; say which could not be."""
    wrong = []
    for one in uploads:
        try:
            attachments.add(
                s, one, customer_id=here.customer_id, conversation_id=here.place(s), now=here.runtime.now()
            )
        except WenjinError as problem:
            wrong.append(f"{one.name}：{problem.message}")
    return replace(form, problems={**form.problems, "files": " ".join(wrong)}) if wrong else form


def _drop(s: Session, place: str, file_id: str) -> None:
    """Delete a file that waits; one that is gone already is gone."""
    if any(one.id == file_id for one in attachments.pending(s, place)):
        attachments.withdraw_pending(s, file_id, place)
        s.flush()


def _add(here: Visit, s: Session, number: str, form: Filled, draft: TicketDraft) -> Ticket:
    """Add what was filled in to the customer's ticket, with the files that wait; its date stays."""
    known = registry.get_by_number(s, number, customer_id=here.customer_id)
    text = "\n".join(part for part in (draft.matter, draft.demand) if part)[:MAX_CHARACTERS]
    customer.add_facts(
        s, ticket_id=known.id, customer_id=here.customer_id, text=text, key=form.key, now=here.runtime.now()
    )
    attachments.adopt(s, known)
    return known


def _registered(here: Visit, s: Session, form: Filled, draft: TicketDraft) -> Ticket:
    ticket, _ = register(
        here.runtime, s, draft, customer_id=here.customer_id, conversation_id=here.place(s), key=form.key,
        source=intake.FORM,
    )  # fmt: skip
    return ticket


def _to(s: Session, ticket: Ticket, done: str) -> Response:
    """Send the browser to the ticket's secret link."""
    return RedirectResponse(f"{links.path(s, ticket)}?done={done}", 303)


def _form(here: Visit, form: Filled, waiting: list[Attachment]) -> Response:
    return here.show(
        "case/complain.html", 422 if form.problems else 200, form=form, waiting=waiting,
        accept=files.ACCEPT, most_files=MOST,
    )  # fmt: skip


def _summary(here: Visit, s: Session, form: Filled, draft: TicketDraft) -> Response:
    """Read back what would be registered, and a pending ticket of the customer about the same matter."""
    rules, reader, now = rules_of(s), here.runtime.desk_reader, here.runtime.now()
    same = reader.same_matter(s, here.customer_id, draft.matter, now) if draft.vector else None
    return here.show(
        "case/confirm.html", form=form, draft=draft, waiting=here.waiting(s), same=same,
        found=found.line(draft.found, here.runtime.today()), days=rules.simple, rule=rules.rule("simple"),
        guessed_product=not form.typed["product"] and draft.product,
        guessed_contact=not form.typed["contact"] and draft.contact,
    )  # fmt: skip
