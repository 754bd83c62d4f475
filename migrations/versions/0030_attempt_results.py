"""What agents of a campaign may say and fill in, and what they said of its calls."""

from alembic import op

revision = "0030_attempt_results"
down_revision = "0028_queue_of_flow"
branch_labels = None
depends_on = None

UP = (
    """
ALTER TABLE campaigns
    ADD COLUMN dispositions jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN form jsonb NOT NULL DEFAULT '[]',
    ADD CONSTRAINT ck_campaigns_dispositions CHECK (jsonb_typeof(dispositions) = 'array'),
    ADD CONSTRAINT ck_campaigns_form CHECK (jsonb_typeof(form) = 'array')""",
    """
CREATE TABLE attempt_results (
    attempt_id text COLLATE "C" NOT NULL,
    agent_id bigint NOT NULL,
    disposition text NOT NULL,
    next text,
    after_seconds integer,
    answers jsonb NOT NULL DEFAULT '{}',
    refusal_id bigint,
    created_at timestamptz NOT NULL DEFAULT now(),
    saved_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_attempt_results PRIMARY KEY (attempt_id, agent_id),
    CONSTRAINT fk_attempt_results_attempt_id_attempts
        FOREIGN KEY (attempt_id) REFERENCES attempts (id) ON DELETE CASCADE,
    CONSTRAINT fk_attempt_results_agent_id_agents FOREIGN KEY (agent_id) REFERENCES agents (id),
    CONSTRAINT fk_attempt_results_refusal_id_do_not_call_entries
        FOREIGN KEY (refusal_id) REFERENCES do_not_call_entries (id) ON DELETE SET NULL,
    CONSTRAINT ck_attempt_results_next
        CHECK (next IN ('done', 'retry', 'callback', 'refuse', 'wrong_number')),
    CONSTRAINT ck_attempt_results_after_seconds
        CHECK (after_seconds IS NULL OR (next IS NOT DISTINCT FROM 'retry' AND after_seconds > 0)),
    CONSTRAINT ck_attempt_results_refusal CHECK (refusal_id IS NULL OR next IS NOT DISTINCT FROM 'refuse'),
    CONSTRAINT ck_attempt_results_answers CHECK (jsonb_typeof(answers) = 'object')
)""",
    # Who takes an entry off the list for good looks for it here.
    """
CREATE INDEX ix_attempt_results_refusal_id ON attempt_results (refusal_id) WHERE refusal_id IS NOT NULL""",
)
DOWN = (
    "DROP TABLE attempt_results",
    "ALTER TABLE campaigns DROP COLUMN form, DROP COLUMN dispositions",
)


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWN:
        op.execute(statement)
