"""Where a stranger's receipt leads: the chain's claim page, with a token that proves which sale it was."""

from __future__ import annotations

from dataclasses import dataclass

from retail.transaction import RetailTransaction
from sync.protocol.claims import ClaimSigner

TOKEN = "{token}"  # noqa: S105 - a placeholder of the address in agent.toml, no secret


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimPage:
    """The address from agent.toml: `{token}` becomes the signed token, `{transaction_id}` the bare number."""

    address: str
    signer: ClaimSigner

    def of(self, transaction: RetailTransaction) -> str:
        """Return the address for one sale, empty where no page is configured; a refund is nobody's to claim."""
        if not self.address or transaction.transaction_id is None or transaction.total.amount < 0:
            return ""
        token = self._token(transaction) if TOKEN in self.address else ""
        return self.address.replace(TOKEN, token).replace("{transaction_id}", transaction.transaction_id)

    def _token(self, transaction: RetailTransaction) -> str:
        assert transaction.transaction_id is not None
        assert transaction.business_day is not None, "who knows the id knows the day that it is made of"
        return self.signer.token(
            transaction.transaction_id,
            total_e4=int(transaction.total.amount.scaleb(4)),
            currency=transaction.total.currency,
            business_day=transaction.business_day,
        )
