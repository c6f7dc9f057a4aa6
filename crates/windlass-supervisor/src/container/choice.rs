//! Which image of a service is run.

use std::io::{Read, Write};

use windlass_services::{Container, Definition, EngineError, EngineSession, LocalImage, image, numbers, shipped};

/// The image that is run: the one that the user says; else the newest of windlass's own that will do; else a registry's.
pub(super) fn image_of<S: Read + Write>(
    definition: &Definition,
    container: &Container,
    engine: &mut EngineSession<S>,
) -> Result<String, EngineError> {
    let of_registry = definition.registry_image(container);
    let is_users = shipped(&definition.name).and_then(|it| it.container).is_none_or(|it| it.image != container.image);
    let Some(own) = definition.image.as_ref().filter(|_| !is_users) else { return Ok(of_registry) };
    let images = engine.images(&definition.image_reference(own, "*"))?;
    let version = |it: &LocalImage| it.labels.get(image::LABEL).cloned().unwrap_or_default();
    let recipe = definition.image_recipe(own);
    let is_ours = |it: &LocalImage| it.labels.get(image::RECIPE) == Some(&recipe);
    let will_do = images.into_iter().filter(|it| is_ours(it) && definition.version.accepts(&version(it)));
    let newest = will_do.max_by_key(|it| numbers(&version(it)));
    Ok(newest.and_then(|it| it.tags.into_iter().next()).unwrap_or(of_registry))
}
