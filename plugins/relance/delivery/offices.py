"""Names that ledgers keep where a person's should stand: "Accounts payable", "Comptabilité". Pure."""

from __future__ import annotations

import re
import unicodedata

_NO_LETTERS = re.compile(r"[\W\d_]+")
# In the seven languages that we write, without accents. A name made of these alone is no person's.
_OFFICES = frozenset(
    re.findall(
        r"\w+",
        """
        accounts payable payables accounting bookkeeping finance finances treasury purchasing billing invoices
        comptabilite compta comptable fournisseurs tresorerie facturation achats daf direction
        buchhaltung kreditoren kreditorenbuchhaltung finanzbuchhaltung rechnungswesen finanzen einkauf
        contabilidad proveedores tesoreria finanzas facturacion administracion
        contabilita amministrazione fornitori fatturazione finanza acquisti
        boekhouding crediteuren crediteurenadministratie administratie financien inkoop
        contabilidade fornecedores tesouraria financas faturacao financeiro administracao
        """,
    )
)
_BESIDE = frozenset(
    re.findall(
        r"\w+",
        """
        the and of a al e et y und en de des du la le les do da dos das del della dei di te
        service services department dept team desk office bureau equipe abteilung bereich departamento equipo servicio
        ufficio reparto afdeling equipa servico responsable general generale financier financiere financial manager head
        directeur director leiter leitung cuentas contas conti pagar pagare betalen
        """,
    )
)


def is_office(name: str, role: str | None = None) -> bool:
    """Whether a name is that of an office or of the person's own `role` ("accounts_payable"), not of a human."""
    words = _words(name)
    if not words or words == _words((role or "").replace("_", " ")):
        return True
    return not _OFFICES.isdisjoint(words) and _OFFICES.union(_BESIDE).issuperset(words)


def _words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(one for one in plain if not unicodedata.combining(one))
    return [word for word in _NO_LETTERS.split(bare) if word]
