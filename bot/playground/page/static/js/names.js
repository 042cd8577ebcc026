/* What people are called, and in which order they stand. */

/** The name that others read. */
export function nameOf(user, otherwise = "Somebody") {
  return user?.display_name || user?.real_name || user?.name || otherwise;
}

/** A user id as a name, where the page knows it. */
export function nameOfId(app, id) {
  return nameOf(app.store.world?.users?.[id], id);
}

/** Everybody who can be somebody here, in the order of the cast. */
export function castOf(app) {
  const order = new Map(app.about.cast.map((one, index) => [one.name, index]));
  const people = Object.values(app.store.world?.users ?? {}).filter((user) => !user.is_bot && user.name !== "slackbot");
  const place = (user) => order.get(user.name) ?? order.size;
  return people.sort((a, b) => place(a) - place(b) || a.name.localeCompare(b.name));
}
