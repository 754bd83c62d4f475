"""One tree of errors; each has a stable code that a person, a log search and the web API can rely on.

The first line of a class's docstring is the message that is shown when no other is given.
"""

# ruff: noqa: N818  (a name like CallerHungUp says more than one that ends in Error)

from typing import ClassVar


class CtiError(Exception):
    """Something went wrong that the service has a name for."""

    code: ClassVar[str] = "cti.error"

    def __init__(self, message: str = "") -> None:
        super().__init__(message or (type(self).__doc__ or "").strip().partition("\n")[0])

    @property
    def message(self) -> str:
        """What happened, in English, without a traceback."""
        return str(self.args[0])


# --- AMI: the connection to Asterisk ---


class AmiError(CtiError):
    """Speaking with Asterisk over AMI failed."""

    code = "ami.error"


class AmiWrongSecret(AmiError):
    """Asterisk refused the AMI user name or secret; trying again cannot help."""

    code = "ami.wrong_secret"


class AmiUnreachable(AmiError):
    """No AMI connection could be opened or it did not get ready in time."""

    code = "ami.unreachable"


class AmiNotConnected(AmiError):
    """There is no AMI connection now, so nothing was sent."""

    code = "ami.not_connected"


class AmiProtocolError(AmiError):
    """The peer at the AMI port does not speak AMI."""

    code = "ami.protocol"


class ActionUnanswered(AmiError):
    """An action was sent and not answered: nobody knows whether it was done, and it is never sent again."""

    code = "ami.action_unanswered"


class ActionRefused(AmiError):
    """Asterisk answered an action with an error."""

    code = "ami.action_refused"


class InvalidField(CtiError):
    """A value is not allowed in what is sent to Asterisk."""

    code = "asterisk.invalid_field"

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


# --- Journal ---


class JournalError(CtiError):
    """The journal cannot do what was asked."""

    code = "journal.error"


class JournalLocked(JournalError):
    """Another process writes this journal."""

    code = "journal.locked"


class JournalFull(JournalError):
    """The disk takes no records and the memory set aside for waiting ones is used up."""

    code = "journal.full"


class JournalMissing(JournalError):
    """There is no journal here."""

    code = "journal.missing"


class JournalClosed(JournalError):
    """The journal is closed."""

    code = "journal.closed"


# --- Asterisk's ledger ---


class LedgerError(CtiError):
    """Asterisk's ledger cannot be compared with."""

    code = "ledger.error"


class LedgerUnreadable(LedgerError):
    """Asterisk's CEL cannot be read."""

    code = "ledger.cel_unreadable"


class LedgerColumnsUnknown(LedgerError):
    """What should be CEL does not look like it."""

    code = "ledger.columns_unknown"


class QueueLogUnreadable(LedgerError):
    """Asterisk's queue_log cannot be read."""

    code = "ledger.queue_log_unreadable"


class LedgerDatabaseAway(LedgerError):
    """Our own record cannot be read: the database does not answer."""

    code = "ledger.database_away"


class HistoryOfLivingNode(LedgerError):
    """Past calls cannot be written under the name of a node that a service records."""

    code = "ledger.node_is_recorded"


class LedgerOptions(LedgerError):
    """These options do not go together."""

    code = "ledger.options"


# --- Trace and replay ---


class TraceError(CtiError):
    """A call could not be cut out of the journal."""

    code = "trace.error"


class CallUnknown(TraceError):
    """The journal knows no such call."""

    code = "trace.unknown_call"


class CallErased(TraceError):
    """The journal does not reach back to the beginning of this call."""

    code = "trace.erased"


class CallDamaged(TraceError):
    """The journal is damaged within this call."""

    code = "trace.damaged"


class TraceNotAnonymous(TraceError):
    """Something of a person would have been left in the trace, so nothing was written."""

    code = "trace.not_anonymous"


class TraceExists(TraceError):
    """The file is there already."""

    code = "trace.file_exists"


class ReplayError(CtiError):
    """Rows could not be made again from the journal."""

    code = "replay.error"


class ReplayServiceRuns(ReplayError):
    """The service is running and writes these rows; stop it first, or use --check."""

    code = "replay.service_runs"


class ReplayNoStart(ReplayError):
    """Nowhere in this journal is the state known from which rows could be made."""

    code = "replay.no_start"


class ReplayDatabaseAway(ReplayError):
    """The database did not answer."""

    code = "replay.database_away"


# --- FastAGI ---


class AgiError(CtiError):
    """A FastAGI session failed."""

    code = "agi.error"


class CallerHungUp(AgiError):
    """The caller hung up, so the flow is over."""

    code = "agi.caller_hung_up"


class AgiCommandFailed(AgiError):
    """Asterisk did not carry out an AGI command."""

    code = "agi.command_failed"


class AgiTimeout(AgiError):
    """The peer of a FastAGI session was silent for too long."""

    code = "agi.timeout"


# --- Customers ---


class LookupFailed(CtiError):
    """The database could not be asked for a customer."""

    code = "customers.lookup_failed"


class CustomerNotFound(CtiError):
    """There is no customer with this id."""

    code = "customers.not_found"


class CrmFailed(CtiError):
    """The external customer system gave no usable answer."""

    code = "customers.crm_failed"
