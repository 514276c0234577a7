"""The ERP systems that are known, in one explicit tuple."""

from connectors.erp.contract import Erp
from connectors.erp.tryton.mapping import TRYTON

ERPS: tuple[Erp, ...] = (TRYTON,)
