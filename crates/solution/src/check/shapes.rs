//! The shapes of a solution's files (powerapps.md §1.2, §4, §12), as tables.

use super::grammar::{
    Attribute, Child,
    Content::{Each, Empty, Many, Nillable, Open, Sequence, Text},
    Kind,
    Need::{May, Must, Should},
    Shape,
};
use crate::options::is_guid;

const ANY: Kind = Kind { what: "a text", fits: |_| true };
const FILLED: Kind = Kind { what: "a text that is not empty", fits: |text| !text.trim().is_empty() };
const NUMBER: Kind = Kind { what: "a number", fits: |text| text.parse::<u32>().is_ok() };
const FLAG: Kind = Kind { what: "0 or 1", fits: |text| matches!(text, "0" | "1") };
const BOOLEAN: Kind = Kind { what: "true or false", fits: |text| matches!(text, "true" | "false") };
const VERSION: Kind = Kind { what: "a version, such as 1.0.0.0", fits: is_version };
const NAME: Kind = Kind { what: "a name of letters, digits and _", fits: is_name };
const BRACED: Kind = Kind {
    what: "a GUID in braces",
    fits: |text| text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).is_some_and(is_guid),
};
const PREFIX: Kind = Kind {
    what: "two to eight letters and digits, a letter first",
    fits: |text| {
        (2..=8).contains(&text.len()) && is_name(text) && !text.contains('_') && !text.starts_with("mscrm")
    },
};
const OPTION_VALUES: Kind = Kind {
    what: "10000 to 99999",
    fits: |text| text.parse().is_ok_and(|number: u32| (10_000..=99_999).contains(&number)),
};
const ORIGIN: Kind =
    Kind { what: "CrmLive or OnPremise", fits: |text| matches!(text, "CrmLive" | "OnPremise") };
const RESOURCE_TYPE: Kind = Kind {
    what: "a web resource type, 1 to 12",
    fits: |text| text.parse().is_ok_and(|number: u8| (1..=12).contains(&number)),
};
const VARIABLE_TYPE: Kind = Kind {
    what: "a type of environment variable",
    fits: |text| text.parse().is_ok_and(|number: u32| (100_000_000..=100_000_005).contains(&number)),
};
const SETTING_TYPE: Kind = Kind { what: "0, 1 or 2", fits: |text| matches!(text, "0" | "1" | "2") };
const RELEASE: Kind = Kind { what: "0 or 2", fits: |text| matches!(text, "0" | "2") };
const FUNCTION: Kind = Kind {
    what: "a function's name",
    fits: |text| {
        let letter = |letter: char| letter.is_ascii_alphanumeric() || "_$.".contains(letter);
        text.starts_with(|first: char| first.is_ascii_alphabetic() || "_$".contains(first))
            && text.chars().all(letter)
    },
};
const LIBRARY: Kind = Kind {
    what: "$webresource: and a name",
    fits: |text| text.strip_prefix("$webresource:").is_some_and(|name| !name.is_empty()),
};
const TEMPLATES: Kind = Kind { what: "Mscrm.Templates", fits: |text| text == "Mscrm.Templates" };
const ALIAS: Kind = Kind {
    what: "a template alias, such as o1",
    fits: |text| text.strip_prefix('o').is_some_and(|digits| digits.parse::<u8>().is_ok()) || text == "isv",
};

const OPEN: Shape = Shape { attributes: &[], content: Open };
const NILLABLE: Shape = Shape { attributes: &[], content: Nillable };
const INTEGER: Shape = text(&NUMBER);
const DIGIT: Shape = text(&FLAG);
const LINE: Shape = text(&FILLED);
const VERSION_TEXT: Shape = text(&VERSION);

const fn text(kind: &'static Kind) -> Shape {
    Shape { attributes: &[], content: Text(kind) }
}

const LOCALIZED: Shape = Shape {
    attributes: &[Attribute("description", Must, &FILLED), Attribute("languagecode", Must, &NUMBER)],
    content: Empty,
};

/// `solution.xml`.
pub(super) const SOLUTION: Shape = Shape {
    attributes: &[
        Attribute("version", Must, &VERSION),
        Attribute("SolutionPackageVersion", Must, &VERSION),
        Attribute("languagecode", Must, &NUMBER),
        Attribute("generatedBy", Should, &ORIGIN),
        Attribute("OrganizationVersion", May, &VERSION),
        Attribute("OrganizationSchemaType", May, &ANY),
        Attribute("CRMServerServiceabilityVersion", May, &VERSION),
    ],
    content: Sequence(&[Child(
        "SolutionManifest",
        Must,
        &Shape {
            attributes: &[],
            content: Sequence(&[
                Child("UniqueName", Must, &text(&NAME)),
                Child(
                    "LocalizedNames",
                    Must,
                    &Shape { attributes: &[], content: Many(Child("LocalizedName", Should, &LOCALIZED)) },
                ),
                Child("Descriptions", Must, &DESCRIPTIONS),
                Child("Version", Must, &VERSION_TEXT),
                Child("Managed", Must, &DIGIT),
                Child("Publisher", Must, &PUBLISHER),
                Child(
                    "RootComponents",
                    Must,
                    &Shape {
                        attributes: &[],
                        content: Many(Child(
                            "RootComponent",
                            Should,
                            &Shape {
                                attributes: &[
                                    Attribute("type", Must, &NUMBER),
                                    Attribute("schemaName", May, &FILLED),
                                    Attribute("id", May, &BRACED),
                                    Attribute("parentId", May, &BRACED),
                                    Attribute("behavior", Should, &NUMBER),
                                ],
                                content: Empty,
                            },
                        )),
                    },
                ),
                Child("MissingDependencies", Should, &OPEN),
            ]),
        },
    )]),
};

/// Microsoft's own may be without any.
const DESCRIPTIONS: Shape =
    Shape { attributes: &[], content: Many(Child("Description", Should, &LOCALIZED)) };

const PUBLISHER: Shape = Shape {
    attributes: &[],
    content: Sequence(&[
        Child("UniqueName", Must, &text(&NAME)),
        Child(
            "LocalizedNames",
            Must,
            &Shape { attributes: &[], content: Many(Child("LocalizedName", Should, &LOCALIZED)) },
        ),
        Child("Descriptions", Must, &DESCRIPTIONS),
        Child("EMailAddress", Should, &NILLABLE),
        Child("SupportingWebsiteUrl", Should, &NILLABLE),
        Child("CustomizationPrefix", Must, &text(&PREFIX)),
        Child("CustomizationOptionValuePrefix", Must, &text(&OPTION_VALUES)),
        Child(
            "Addresses",
            Must,
            &Shape {
                attributes: &[],
                content: Many(Child(
                    "Address",
                    Should,
                    &Shape { attributes: &[], content: Sequence(ADDRESS) },
                )),
            },
        ),
    ]),
};

const ADDRESS: &[Child] = &[
    Child("AddressNumber", Should, &INTEGER),
    Child("AddressTypeCode", Should, &NILLABLE),
    Child("City", Should, &NILLABLE),
    Child("County", Should, &NILLABLE),
    Child("Country", Should, &NILLABLE),
    Child("Fax", Should, &NILLABLE),
    Child("FreightTermsCode", Should, &NILLABLE),
    Child("ImportSequenceNumber", Should, &NILLABLE),
    Child("Latitude", Should, &NILLABLE),
    Child("Line1", Should, &NILLABLE),
    Child("Line2", Should, &NILLABLE),
    Child("Line3", Should, &NILLABLE),
    Child("Longitude", Should, &NILLABLE),
    Child("Name", Should, &NILLABLE),
    Child("PostalCode", Should, &NILLABLE),
    Child("PostOfficeBox", Should, &NILLABLE),
    Child("PrimaryContactName", Should, &NILLABLE),
    Child("ShippingMethodCode", Should, &NILLABLE),
    Child("StateOrProvince", Should, &NILLABLE),
    Child("Telephone1", Should, &NILLABLE),
    Child("Telephone2", Should, &NILLABLE),
    Child("Telephone3", Should, &NILLABLE),
    Child("TimeZoneRuleVersionNumber", Should, &NILLABLE),
    Child("UPSZone", Should, &NILLABLE),
    Child("UTCOffset", Should, &NILLABLE),
    Child("UTCConversionTimeZoneCode", Should, &NILLABLE),
];

/// `customizations.xml`. What other components have inside is not ours to know.
pub(super) const CUSTOMIZATIONS: Shape = Shape {
    attributes: &[
        Attribute("OrganizationVersion", May, &VERSION),
        Attribute("OrganizationSchemaType", May, &ANY),
        Attribute("CRMServerServiceabilityVersion", May, &VERSION),
    ],
    content: Sequence(&[
        Child("Entities", Should, &OPEN),
        Child("Roles", Should, &OPEN),
        Child("Workflows", Should, &OPEN),
        Child("FieldSecurityProfiles", Should, &OPEN),
        Child("Templates", Should, &OPEN),
        Child("RibbonDiffXml", May, &RIBBON),
        Child("EntityMaps", Should, &OPEN),
        Child("EntityRelationships", Should, &OPEN),
        Child("OrganizationSettings", Should, &OPEN),
        Child("optionsets", Should, &OPEN),
        Child(
            "WebResources",
            May,
            &Shape { attributes: &[], content: Many(Child("WebResource", Should, &WEB_RESOURCE)) },
        ),
        Child("CustomControls", Should, &OPEN),
        Child("AppModuleSiteMaps", May, &OPEN),
        Child("AppModules", May, &OPEN),
        Child("SolutionPluginAssemblies", May, &OPEN),
        Child("SdkMessageProcessingSteps", May, &OPEN),
        Child("EntityDataProviders", Should, &OPEN),
        Child("AIModels", May, &OPEN),
        Child("EntityDataSources", May, &OPEN),
        Child("CanvasApps", May, &OPEN),
        Child("connectionreferences", May, &OPEN),
        Child(
            "Languages",
            Must,
            &Shape { attributes: &[], content: Many(Child("Language", Must, &INTEGER)) },
        ),
    ]),
};

const WEB_RESOURCE: Shape = Shape {
    attributes: &[],
    content: Sequence(&[
        Child("WebResourceId", Must, &text(&BRACED)),
        Child("Name", Must, &LINE),
        Child("DisplayName", Should, &LINE),
        Child("Description", May, &LINE),
        Child("SilverlightVersion", May, &OPEN),
        Child("LanguageCode", May, &INTEGER),
        Child("WebResourceType", Must, &text(&RESOURCE_TYPE)),
        Child("IntroducedVersion", Should, &VERSION_TEXT),
        Child("IsEnabledForMobileClient", Should, &DIGIT),
        Child("IsAvailableForMobileOffline", Should, &DIGIT),
        Child("DependencyXml", May, &OPEN),
        Child("IsCustomizable", Should, &DIGIT),
        Child("CanBeDeleted", Should, &DIGIT),
        Child("IsHidden", Should, &DIGIT),
        Child("FileName", Must, &LINE),
    ]),
};

/// A ribbon: strictly in this order.
pub(super) const RIBBON: Shape = Shape {
    attributes: &[],
    content: Sequence(&[
        Child("CustomActions", Should, &Shape { attributes: &[], content: Open }),
        Child(
            "Templates",
            Should,
            &Shape {
                attributes: &[],
                content: Many(Child(
                    "RibbonTemplates",
                    Should,
                    &Shape { attributes: &[Attribute("Id", Must, &TEMPLATES)], content: Empty },
                )),
            },
        ),
        Child(
            "CommandDefinitions",
            Should,
            &Shape {
                attributes: &[],
                content: Many(Child(
                    "CommandDefinition",
                    May,
                    &Shape {
                        attributes: &[Attribute("Id", Must, &FILLED)],
                        content: Sequence(&[
                            Child("EnableRules", Should, &REFERENCES),
                            Child("DisplayRules", Should, &OPEN),
                            Child("Actions", Should, &OPEN),
                        ]),
                    },
                )),
            },
        ),
        Child(
            "RuleDefinitions",
            Should,
            &Shape {
                attributes: &[],
                content: Sequence(&[
                    Child("TabDisplayRules", Should, &OPEN),
                    Child("DisplayRules", Should, &OPEN),
                    Child(
                        "EnableRules",
                        Should,
                        &Shape {
                            attributes: &[],
                            content: Many(Child(
                                "EnableRule",
                                May,
                                &Shape { attributes: &[Attribute("Id", Must, &FILLED)], content: Open },
                            )),
                        },
                    ),
                ]),
            },
        ),
        Child(
            "LocLabels",
            Should,
            &Shape {
                attributes: &[],
                content: Many(Child(
                    "LocLabel",
                    May,
                    &Shape {
                        attributes: &[Attribute("Id", Must, &FILLED)],
                        content: Sequence(&[Child(
                            "Titles",
                            Must,
                            &Shape { attributes: &[], content: Many(Child("Title", Must, &LOCALIZED)) },
                        )]),
                    },
                )),
            },
        ),
    ]),
};

const REFERENCES: Shape = Shape {
    attributes: &[],
    content: Many(Child(
        "EnableRule",
        Should,
        &Shape { attributes: &[Attribute("Id", Must, &FILLED)], content: Empty },
    )),
};

/// What is looked at wherever it stands in a ribbon.
pub(super) const RIBBON_PARTS: [(&str, Shape); 5] = [
    (
        "CustomAction",
        Shape {
            attributes: &[
                Attribute("Id", Must, &FILLED),
                Attribute("Location", Must, &FILLED),
                Attribute("Sequence", Should, &NUMBER),
                Attribute("Title", May, &ANY),
            ],
            content: Sequence(&[Child("CommandUIDefinition", Must, &OPEN)]),
        },
    ),
    (
        "Button",
        Shape {
            attributes: &[
                Attribute("Id", Must, &FILLED),
                Attribute("Command", Must, &FILLED),
                Attribute("Sequence", Should, &NUMBER),
                Attribute("TemplateAlias", Should, &ALIAS),
                Attribute("LabelText", Should, &FILLED),
                Attribute("Alt", Should, &FILLED),
                Attribute("ToolTipTitle", Should, &FILLED),
                Attribute("ToolTipDescription", Should, &FILLED),
                Attribute("ModernImage", Should, &FILLED),
                Attribute("Image16by16", May, &FILLED),
                Attribute("Image32by32", May, &FILLED),
            ],
            content: Empty,
        },
    ),
    (
        "CustomRule",
        Shape {
            attributes: &[
                Attribute("FunctionName", Must, &FUNCTION),
                Attribute("Library", Must, &LIBRARY),
                Attribute("Default", Should, &BOOLEAN),
                Attribute("InvertResult", May, &BOOLEAN),
            ],
            content: Open,
        },
    ),
    (
        "JavaScriptFunction",
        Shape {
            attributes: &[Attribute("FunctionName", Must, &FUNCTION), Attribute("Library", Must, &LIBRARY)],
            content: Open,
        },
    ),
    ("BoolParameter", Shape { attributes: &[Attribute("Value", Must, &BOOLEAN)], content: Empty }),
];

const LABELS: Shape = Shape {
    attributes: &[Attribute("default", Must, &FILLED)],
    content: Many(Child("label", Should, &LOCALIZED)),
};

/// `environmentvariabledefinition.xml`.
pub(super) const VARIABLE: Shape = Shape {
    attributes: &[Attribute("schemaname", Must, &NAME)],
    content: Each(&[
        Child("apiid", May, &LINE),
        Child("defaultvalue", May, &text(&ANY)),
        Child("description", Should, &LABELS),
        Child("displayname", Must, &LABELS),
        Child("introducedversion", Must, &VERSION_TEXT),
        Child("iscustomizable", Must, &DIGIT),
        Child("isrequired", Must, &DIGIT),
        Child("parameterkey", May, &LINE),
        Child("secretstore", Should, &DIGIT),
        Child("type", Must, &text(&VARIABLE_TYPE)),
    ]),
};

/// `settingdefinition.xml`.
pub(super) const SETTING: Shape = Shape {
    attributes: &[Attribute("uniquename", Must, &NAME)],
    content: Each(&[
        Child("datatype", Must, &text(&SETTING_TYPE)),
        Child("defaultvalue", Must, &LINE),
        Child("description", Should, &LABELS),
        Child("displayname", Must, &LABELS),
        Child("informationurl", May, &LINE),
        Child("iscustomizable", Must, &DIGIT),
        Child("isoverridable", Must, &DIGIT),
        Child("overridablelevel", Must, &text(&SETTING_TYPE)),
        Child("releaselevel", Must, &text(&RELEASE)),
    ]),
};

fn is_version(text: &str) -> bool {
    (2..=4).contains(&text.split('.').count()) && text.split('.').all(|part| part.parse::<u32>().is_ok())
}

fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
