"""Diagnoses, procedures and causes of death in plain words: what people are treated for (§5.4, §5.6.1).

Codes are told apart by `codes`, high-risk populations by the rulebook's own words. This list is ours: words that are
seldom about anything but a condition. It decides only whether a column is looked at as what it tells about people.
"""

from __future__ import annotations

from ddg_pipeline.rulebook.labels import normalised

_WORDS = (
    "aids", "alzheimer", "alzheimers", "anemia", "anorexia", "anthrax", "anxiety", "arthritis", "asthma", "botulism",
    "brucellosis", "bulimia", "cancer", "cancers", "carcinoma", "chancroid", "chemotherapy", "chickenpox", "chlamydia",
    "cholera", "cirrhosis", "coccidioidomycosis", "copd", "coronavirus", "covid", "dementia", "dengue", "depression",
    "diabetes", "dialysis", "diphtheria", "ebola", "eclampsia", "endometriosis", "epilepsy", "fentanyl", "flu",
    "giardiasis", "gonorrhea", "haemophilus", "hantavirus", "heart attack", "heart disease", "heart failure",
    "hemophilia", "hepatitis", "heroin", "herpes", "hiv", "hpv", "hypertension", "infertility", "influenza",
    "kidney disease", "legionellosis", "leprosy", "leukemia", "listeriosis", "lupus", "lyme", "lymphoma", "malaria",
    "mammography", "mastectomy", "measles", "melanoma", "meningitis", "methamphetamine", "mpox", "monkeypox", "mumps",
    "naloxone", "obesity", "opioid", "opioids", "overdose", "overdoses", "parkinson", "parkinsons", "pertussis",
    "plague", "pneumonia", "poisoning", "polio", "psittacosis", "psychiatric disorder", "psychosis", "rabies", "rsv",
    "rubella", "salmonella", "salmonellosis", "schizophrenia", "self harm", "sepsis", "sexually transmitted disease",
    "sexually transmitted infection", "sexually transmitted infections", "shigella", "shigellosis", "sickle cell",
    "smallpox", "std", "stds", "sti", "stis", "stroke", "substance use", "suicidal", "suicide", "suicides", "syphilis",
    "tetanus", "toxoplasmosis", "trichomoniasis", "tuberculosis", "tularemia", "typhoid", "valley fever", "varicella",
    "vasectomy", "west nile", "zika",
)  # fmt: skip
_OF_PROVIDERS = frozenset({
    "agency", "care", "center", "centers", "centre", "clinic", "clinics", "department", "facilities", "facility",
    "foundation", "hospice", "hospital", "hospitals", "institute", "laboratory", "lab", "office", "pharmacy",
    "practice", "program", "programs", "provider", "providers", "service", "services", "specialist", "specialists",
    "specialty", "unit", "ward",
})  # fmt: skip
"""Words of a label that says what a provider is: a stroke center."""

_LONGEST = max(len(word.split()) for word in _WORDS)
_KNOWN = frozenset(_WORDS)


def condition_in(text: str) -> tuple[str, int, int] | None:
    """Find the first condition that a text names.

    Returns:
        It, with the positions of its first word and the one after its last in the normalised text; None where the text
        names none.
    """
    words = normalised(text).split()
    for begin in range(len(words)):
        for end in range(min(len(words), begin + _LONGEST), begin, -1):
            if " ".join(words[begin:end]) in _KNOWN:
                return " ".join(words[begin:end]), begin, end
    return None


def tells_a_condition(label: str) -> bool:
    """Say whether a label names what people are treated for, and not a provider who treats it."""
    return condition_in(label) is not None and _OF_PROVIDERS.isdisjoint(normalised(label).split())
