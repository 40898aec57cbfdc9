/* Of the company that a sandbox starts with: contracts in every state, in the short form. With a template,
 * one is a workflow (its counterparty is an attribute, and names the draft); otherwise a record. */
#include "loaders.h"

#define JSON(...) #__VA_ARGS__

// clang-format off
const char ic_fixture_contracts[] = JSON(
  "contracts": [
    {
      "template": "5f595f76c4fc9b3571413c3a", "counterparty": "Juniper Biologics",
      "creator": "priya.nair@example.com", "daysAgo": 2, "updatedDaysAgo": 2
    },
    {
      "template": "5f595f76c4fc9b3571413c3a", "counterparty": "Copperline Energy",
      "creator": "omar.haddad@example.com", "daysAgo": 9, "updatedDaysAgo": 4, "approved": ["legal"]
    },
    {
      "template": "5f595f76c4fc9b3571413c3a", "counterparty": "Saltmarsh Robotics",
      "creator": "priya.nair@example.com", "step": "Sign", "daysAgo": 12, "updatedDaysAgo": 3,
      "signing": {"sent": true, "signed": ["Company Signer"]},
      "attributes": {"counterpartyEmail": "legal@saltmarsh.example"}
    },
    {
      "template": "5f595f76c4fc9b3571413c3a", "counterparty": "Fennel & Rye Studios",
      "creator": "jane.doe@example.com", "step": "Archive", "daysAgo": 30, "updatedDaysAgo": 1,
      "attributes": {"counterpartyEmail": "hello@fennelrye.example", "agreementDate": "-1d"}
    },
    {
      "template": "5f595f76c4fc9b3571413c3a", "counterparty": "Osprey Analytics",
      "creator": "priya.nair@example.com",
      "step": "Complete", "status": "completed", "expires": "+680d", "daysAgo": 75, "updatedDaysAgo": 48,
      "attributes": {"counterpartyEmail": "contracts@osprey.example", "agreementDate": "-50d"}
    },
    {
      "template": "600b296c3e15a234ab88f884", "counterparty": "Marguerite Okafor",
      "creator": "jane.doe@example.com", "daysAgo": 5, "updatedDaysAgo": 2, "approved": ["legal"],
      "attributes": {
        "scopeOfWork": "Optics training", "fee": {"currency": "USD", "amount": 12000}, "startDate": "+20d"
      }
    },
    {
      "template": "600b296c3e15a234ab88f884", "counterparty": "Lindqvist Design AB",
      "creator": "omar.haddad@example.com",
      "daysAgo": 11, "updatedDaysAgo": 6, "approved": ["legal", "finance"],
      "attributes": {
        "scopeOfWork": "Housing redesign", "fee": {"currency": "EUR", "amount": 64000}, "startDate": "+10d"
      }
    },
    {
      "template": "600b296c3e15a234ab88f884", "counterparty": "Tobias Brandt",
      "creator": "jane.doe@example.com",
      "step": "Complete", "status": "completed", "expires": "+20d", "daysAgo": 120, "updatedDaysAgo": 100,
      "attributes": {
        "scopeOfWork": "Audit of the clean room", "fee": {"currency": "EUR", "amount": 27500},
        "startDate": "-95d"
      }
    },
    {
      "template": "600b296c3e15a234ab88f884", "counterparty": "Pinewood Research",
      "creator": "omar.haddad@example.com", "status": "paused", "daysAgo": 33, "updatedDaysAgo": 20,
      "attributes": {
        "scopeOfWork": "Market survey", "fee": {"currency": "USD", "amount": 15000}, "startDate": "+30d"
      }
    },
);

const char ic_fixture_orders[] = JSON(
    {
      "template": "60f1b7d2a94c3e0015d8e21b", "counterparty": "Bayside Hospital Group",
      "creator": "priya.nair@example.com", "daysAgo": 1, "updatedDaysAgo": 1,
      "attributes": {
        "product": "Spectrometer", "quantity": 4, "contractValue": {"currency": "USD", "amount": 182000}
      }
    },
    {
      "template": "60f1b7d2a94c3e0015d8e21b", "counterparty": "Kestrel Aerospace",
      "creator": "priya.nair@example.com", "daysAgo": 7, "updatedDaysAgo": 3, "approved": ["sales"],
      "attributes": {
        "product": "Interferometer", "quantity": 2, "contractValue": {"currency": "USD", "amount": 240000}
      }
    },
    {
      "template": "60f1b7d2a94c3e0015d8e21b", "counterparty": "University of Arden",
      "creator": "priya.nair@example.com",
      "step": "Sign", "daysAgo": 16, "updatedDaysAgo": 5, "signing": {"sent": true},
      "attributes": {
        "counterpartyEmail": "purchasing@arden.example", "product": "Spectrometer",
        "contractValue": {"currency": "USD", "amount": 46500}
      }
    },
    {
      "template": "60f1b7d2a94c3e0015d8e21b", "counterparty": "Vantage Semiconductors",
      "creator": "priya.nair@example.com",
      "step": "Complete", "status": "completed", "expires": "+324d", "daysAgo": 58, "updatedDaysAgo": 41,
      "attributes": {
        "counterpartyEmail": "orders@vantage.example", "product": "Interferometer", "quantity": 6,
        "contractValue": {"currency": "USD", "amount": 715000}
      }
    },
    {
      "template": "60f1b7d2a94c3e0015d8e21b", "counterparty": "Gallant Foods",
      "creator": "priya.nair@example.com", "status": "cancelled", "daysAgo": 44, "updatedDaysAgo": 36,
      "attributes": {"product": "Service Plan", "contractValue": {"currency": "USD", "amount": 9600}}
    },
    {
      "template": "6123c0de8b7f4a0012a6b9f4", "counterparty": "Cloudberry Hosting",
      "creator": "li.wei@example.com", "daysAgo": 4, "updatedDaysAgo": 2, "approved": ["procurement"],
      "attributes": {
        "counterpartyEmail": "sales@cloudberry.example", "category": "Software", "handlesPersonalData": true,
        "contractValue": {"currency": "USD", "amount": 38000}
      }
    },
    {
      "template": "6123c0de8b7f4a0012a6b9f4", "counterparty": "Ironwood Freight",
      "creator": "li.wei@example.com",
      "daysAgo": 13, "updatedDaysAgo": 9, "approved": ["procurement", "security"],
      "attributes": {"counterpartyEmail": "desk@ironwood.example", "category": "Logistics"}
    },
    {
      "template": "6123c0de8b7f4a0012a6b9f4", "counterparty": "Halcyon Payroll",
      "creator": "li.wei@example.com", "step": "Sign", "daysAgo": 26, "updatedDaysAgo": 8,
      "attributes": {
        "counterpartyEmail": "deals@halcyon.example", "category": "Software", "handlesPersonalData": true
      }
    },
    {
      "template": "6123c0de8b7f4a0012a6b9f4", "counterparty": "Brightwater Cleaning",
      "creator": "li.wei@example.com",
      "step": "Complete", "status": "completed", "expires": "+194d", "daysAgo": 200, "updatedDaysAgo": 170,
      "attributes": {
        "counterpartyEmail": "office@brightwater.example", "category": "Facilities", "agreementDate": "-171d",
        "term": "P1Y", "contractValue": {"currency": "USD", "amount": 21000}
      }
    },
);

const char ic_fixture_records[] = JSON(
    {
      "type": "mutualNDA", "counterparty": "Aldgate Partners", "agreed": "-700d", "expires": "+30d",
      "updatedDaysAgo": 136, "term": "P2Y"
    },
    {
      "type": "mutualNDA", "counterparty": "Merle Instruments", "agreed": "-690d", "expires": "+40d",
      "updatedDaysAgo": 137, "term": "P2Y"
    },
    {
      "type": "mutualNDA", "counterparty": "Corvid Media", "agreed": "-1500d", "expires": "-40d",
      "updatedDaysAgo": 132, "term": "P4Y"
    },
    {
      "type": "consultingAgreement", "counterparty": "Ines Carvalho", "agreed": "-340d", "expires": "+25d",
      "updatedDaysAgo": 133, "value": {"currency": "EUR", "amount": 30000}
    },
    {
      "type": "consultingAgreement", "counterparty": "Dovetail Engineering", "agreed": "-150d",
      "expires": "+215d", "updatedDaysAgo": 140, "value": {"currency": "USD", "amount": 88000}
    },
    {
      "type": "orderForm", "counterparty": "Kingfisher Clinics", "agreed": "-320d", "expires": "+45d",
      "updatedDaysAgo": 138, "value": {"currency": "USD", "amount": 54000}, "renews": true
    },
    {
      "type": "orderForm", "counterparty": "Westmere College", "agreed": "-275d", "expires": "+90d",
      "updatedDaysAgo": 136, "value": {"currency": "USD", "amount": 19900}
    },
    {
      "type": "orderForm", "counterparty": "Thornbury Labs", "agreed": "-800d", "expires": "-70d",
      "updatedDaysAgo": 134, "value": {"currency": "USD", "amount": 125000}
    },
    {
      "type": "vendorAgreement", "counterparty": "Polestar Networks", "agreed": "-350d", "expires": "+15d",
      "updatedDaysAgo": 137, "value": {"currency": "USD", "amount": 61000}, "renews": true
    },
    {
      "type": "vendorAgreement", "counterparty": "Amberley Catering", "agreed": "-305d", "expires": "+60d",
      "updatedDaysAgo": 137, "value": {"currency": "USD", "amount": 14400}
    },
    {
      "type": "vendorAgreement", "counterparty": "Sable Insurance", "agreed": "-180d", "expires": "+185d",
      "updatedDaysAgo": 135, "value": {"currency": "USD", "amount": 97000}, "term": "P1Y"
    },
    {
      "type": "contract", "counterparty": "Rowan & Hale LLP", "agreed": "-1000d", "updatedDaysAgo": 136,
      "value": {"currency": "USD", "amount": 50000}
    },
    {"type": "contract", "counterparty": "Larch Street Holdings", "agreed": "-420d", "expires": "+75d", "term": "P16M"}
  ]
);
// clang-format on
