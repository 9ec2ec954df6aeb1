"""Small, generic vocabulary; e-mail addresses are all at example.com."""

from __future__ import annotations

FIRST = ("Alex", "Sam", "Robin", "Kim", "Jo", "Chris", "Pat", "Lee", "Max", "Noa", "Zoë", "Luc")
LAST = ("Baker", "Smith", "Miller", "Fisher", "Mason", "Cook", "Reed", "Hill", "Müller", "O'Dell")
COMPANIES = ("", "", "", "North Trading", "Blue Door Ltd", "Corner Shop", "Hill & Sons")
STREETS = ("Main Street", "Oak Avenue", "Mill Lane", "Station Road", "Park Row")

# city, state, zip, country, country_iso2
PLACES = (
    ("Austin", "Texas", "78701", "United States", "US"),
    ("Portland", "Oregon", "97201", "United States", "US"),
    ("Leeds", "West Yorkshire", "LS1 1UR", "United Kingdom", "GB"),
    ("Sydney", "New South Wales", "2000", "Australia", "AU"),
    ("Berlin", "Berlin", "10115", "Germany", "DE"),
)

ADJECTIVES = ("Small", "Red", "Folding", "Light", "Heavy", "Classic", "Striped", "Plain")
MATERIALS = ("Oak", "Linen", "Steel", "Wool", "Glass", "Paper", "Canvas")
THINGS = ("Towel", "Lamp", "Chair", "Notebook", "Cup", "Basket", "Shelf", "Scarf", "Clock")
COLOURS = ("Red", "Green", "Blue", "Grey", "Sand")
SIZES = ("S", "M", "L", "XL")


def email(person: int) -> str:
    return f"person{person}@example.com"
