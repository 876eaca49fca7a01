import { useState } from "react";

import { useLoaded } from "../loading.ts";
import { Heading, Loading } from "../parts.tsx";
import { type Column, Table } from "../table/Table.tsx";
import { type Setting, settings } from "../wire.ts";
import { useWords } from "../words.ts";
import { helpText } from "./helpText.ts";
import { settingText } from "./settingText.ts";

/** The settings in force, and where each comes from. */
export default function Settings() {
  const { words } = useWords();
  const [changed, setChanged] = useState(false);
  const loaded = useLoaded("", settings);
  const label = words.settings;
  const value = (setting: Setting) =>
    setting.secret && typeof setting.value === "string"
      ? setting.value
        ? label.secretSet
        : label.notSet
      : settingText(setting.value, label);
  const columns: Column<Setting>[] = [
    {
      key: "name",
      label: words.column.setting,
      long: true,
      value: ({ name }) => name,
      text: ({ name, help }) => `${name} ${helpText(help)}`,
      cell: ({ name, help }) => (
        <>
          <code>{name}</code>
          <span className="quiet help">{helpText(help)}</span>
        </>
      ),
    },
    {
      key: "value",
      label: words.column.value,
      long: true,
      value: (setting) => value(setting) || null,
      cell: (setting) => (value(setting) ? <code data-set={!setting.is_default}>{value(setting)}</code> : <span className="quiet">{label.notSet}</span>),
    },
    {
      key: "origin",
      label: words.column.origin,
      value: ({ origin, is_default }) => origin || (is_default ? label.byDefault : null),
      cell: ({ origin, is_default }) => (origin ? <code>{origin}</code> : <span className="quiet">{is_default ? label.byDefault : words.none}</span>),
    },
    { key: "section", label: words.column.section, value: ({ section }) => section },
  ];

  return (
    <>
      <Heading title={label.heading}>
        <p className="quiet">{label.intro}</p>
      </Heading>
      <Loading of={loaded} />
      {loaded.value && (
        <>
          <dl className="facts panel">
            <div>
              <dt>{label.model}</dt>
              <dd>
                <code>{loaded.value.model.name}</code> <span className="quiet">{loaded.value.model.why}</span>
              </dd>
            </div>
            <div>
              <dt>{label.version}</dt>
              <dd>{loaded.value.version}</dd>
            </div>
          </dl>
          <Table
            caption={label.heading}
            columns={columns}
            rows={loaded.value.settings.filter(({ is_default, origin }) => !changed || !is_default || origin)}
            name={({ name }) => name}
            empty={words.table.nothingFound}
            file="settings"
            tools={
              <label className="check">
                <input type="checkbox" checked={changed} onChange={(event) => setChanged(event.target.checked)} />
                {label.changed}
              </label>
            }
          />
        </>
      )}
    </>
  );
}
