"""The guideline's lists, typed from its text."""

# §5.6.2: counts of 1 to 10 are always suppressed.
HIGH_RISK = {
    "substance_use_disorder",
    "serious_mental_illness",
    "trauma",
    "developmental_disability",
    "child_welfare",
    "homelessness",
    "victims_of_crime",
    "justice_involved",
    "non_citizens",
    "emergency_transport",
    "pregnancy_termination",
    "gender_affirming_care",
}

# §3 Figure 1: what never stands in a release, with names that a column of it goes by.
DIRECT_IDENTIFIERS = {
    "names": ("name", "patient_name", "first_name", "last_name"),
    "street address of a person": ("address", "street_address", "home_address"),
    "phone": ("phone", "telephone", "phone_number"),
    "fax": ("fax", "fax_number"),
    "e-mail": ("email", "e_mail", "email_address"),
    "SSN": ("ssn", "social_security_number"),
    "record number": ("medical_record_number", "mrn", "record_number"),
    "plan number": ("health_plan_number", "member_id", "beneficiary_number"),
    "account number": ("account_number",),
    "licence number": ("license_number", "drivers_license"),
    "vehicle number": ("vin", "vehicle_number", "license_plate"),
    "device number": ("device_number", "device_serial_number"),
    "URL": ("url", "web_address"),
    "IP address": ("ip_address", "ip"),
    "biometrics": ("fingerprint", "biometric"),
    "photo": ("photo", "photograph"),
    "full date tied to a person": ("date_of_birth", "birth_date", "dob", "admission_date", "date_of_death"),
}

# The same by what stands in a column with a harmless name: one person each.
IDENTIFYING_LABELS = {
    "SSN": ("219-09-9999", "457-55-5462"),
    "phone": ("(916) 555-0134", "(916) 555-0177"),
    "e-mail": ("ana@example.org", "ben@example.org"),
    "URL": ("https://example.org/ana", "https://example.org/ben"),
    "IP address": ("192.0.2.17", "192.0.2.44"),
    "record number": ("MRN 00123", "MRN 00124"),
    "vehicle number": ("1HGCM82633A004352", "1HGCM82633A004366"),
    "street address": ("12 Main Street", "14 Oak Avenue"),
    "coordinates": ("38.5767, -121.4934", "37.8044, -122.2712"),
    "ZIP+4": ("95814-1234", "94612-0001"),
    "full date": ("1984-03-07", "1991-11-23"),
}

# §4.4.3 and the Open Data Handbook.
ANNOTATION_CODES = {
    "none": {"", "0"},
    "small": {"1"},
    "complementary": {"2"},
    "not_available": {"3"},
    "unstable": {"4"},
    "incomplete": {"5"},
}
SYMBOLS = {"small": {"S", "*"}, "complementary": {"C", "**"}}

# §4.6
SIGN_OFFS = (("steward",), ("deputy", "director"), ("legal", "counsel"), ("director", "designee"))

# §5.2: an estimate whose denominator has fewer sample cases is statistically unreliable (annotation 4).
SURVEY_SAMPLE_CASES = 30


# Appendix H: survey, least cases of the denominator, of the numerator, highest relative standard error in percent.
SURVEYS = {
    "BRFSS": {"denominator": 50},
    "MEPS": {"denominator": 70, "rse": 30},
    "MTF": {"denominator": 100},
    "NHIS": {"denominator": 50, "rse": 30},
    "NHANES": {"denominator": 30, "rse": 30},
    "NHDS": {"denominator": 30, "rse": 30, "flagged": (30, 59)},
    "NSFG": {"denominator": 50, "rse": 30},
    "YRBSS": {"denominator": 100},
    "SHPPS": {"denominator": 30},
    "NAMCS": {"numerator": 30, "rse": 30},
    "NCVS": {"numerator": 11},  # 10 or fewer are too few
    "NHSDA": {"rse": 17.5},
    "CHIS": {"rse": 20, "unweighted": 3, "weighted": 500},
    "CAHPS": {"denominator": 100},
}
